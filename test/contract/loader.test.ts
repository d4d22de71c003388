// The same loader on every kind of client: scripts, locks, fills, wake-ups and typed replies.

import type { Loader } from 'redis-near-cache';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Client } from '../support/client.js';
import { byName, KINDS, RESP_TYPES } from '../support/majors.js';
import { until } from '../support/until.js';
import { useServer } from '../support/use-server.js';
import { type ContractRig, makeContractRig } from './contract-rig.js';

const server = await useServer();

describe.each(byName(KINDS))('%s', (_, kind) => {
  let rig: ContractRig<Client>;
  let asked: string[];
  let release: () => void;
  let closed: Promise<void>;
  beforeEach(() => {
    asked = [];
    closed = Promise.resolve();
    release = () => {};
  });
  afterEach(() => rig[Symbol.asyncDispose]());

  function hold(): void {
    closed = new Promise((resolve) => {
      release = resolve;
    });
  }

  async function make(clientOptions = {}, nearOptions = {}): Promise<Loader<string>> {
    rig = await makeContractRig(server, kind, clientOptions, nearOptions);
    return rig.redis.near.loader<string>({
      prefix: 'k:',
      ttl: 60_000,
      async load(id) {
        asked.push(id);
        await closed;
        return `${id} loaded`;
      },
      loadMany: (ids) => ids.map((id) => `${id} loaded together`),
    });
  }

  test('one load fills, what was filled is read, what is changed is loaded anew', async () => {
    const loader = await make();
    const values = await Promise.all([loader.get('1'), loader.get('1')]);
    expect(values).toEqual(['1 loaded', '1 loaded']);
    expect(asked).toEqual(['1']);
    expect(await rig.bare.get('k:1')).toBe('"1 loaded"');
    await rig.settled();
    await until(async () => (await loader.get('1')) === '1 loaded' && loader.peek('1') === '1 loaded');
    await loader.set('1', 'set');
    expect(await loader.get('1')).toBe('set');
    await loader.invalidate('1');
    expect(await loader.get('1')).toBe('1 loaded');
    expect(asked).toEqual(['1', '1']);
    expect(rig.redis.near.stats().loaders['k:']).toMatchObject({ loads: 2, redisFallbacks: 0, lockWon: 2 });
    expect(rig.redis.near.state).toBe('serving');
  });

  test('several are read and loaded together', async () => {
    const loader = await make();
    await loader.set('2', 'set');
    expect(await loader.getMany(['1', '2', '3'])).toEqual(['1 loaded together', 'set', '3 loaded together']);
    expect(await rig.bare.get('k:3')).toBe('"3 loaded together"');
  });

  test('who waits is woken by the fill of another', async () => {
    const loader = await make();
    await rig.bare.set('k:{k:1}~lock', 'theirs');
    const got = loader.get('1');
    await until(() => rig.redis.near.stats().loaders['k:']?.lockWaited === 1);
    await rig.bare.set('k:1', '"theirs"');
    expect(await got).toBe('theirs');
    expect(asked).toEqual([]);
  });

  test('a change during the load stays', async () => {
    const loader = await make();
    hold();
    const got = loader.get('1');
    await until(() => asked.length === 1);
    await rig.bare.set('k:1', '"theirs"');
    release();
    expect(await got).toBe('1 loaded');
    expect(await rig.bare.get('k:1')).toBe('"theirs"');
  });

  if (kind.major === 6) {
    test('a keyPrefix of the client is part of every key', async () => {
      const loader = await make({ keyPrefix: 'app:' });
      expect(await loader.get('1')).toBe('1 loaded');
      expect(await server.command('GET', 'app:k:1')).toBe('"1 loaded"');
      hold();
      const forced = loader.refresh('1');
      await until(() => asked.length === 2);
      expect(await server.command('KEYS', '*lock')).toEqual(['app:k:{app:k:1}~lock']);
      release();
      expect(await forced).toBe('1 loaded');
      expect(rig.redis.near.stats().loaders['k:']?.discardedFills).toBe(0);
    });

    test('replies that the client maps to bytes are understood', async () => {
      const typeMapping = { [RESP_TYPES.BLOB_STRING]: Buffer, [RESP_TYPES.SIMPLE_STRING]: Buffer };
      const loader = await make({ commandOptions: { typeMapping } });
      expect(await loader.get('1')).toBe('1 loaded');
      expect(await loader.get('1')).toBe('1 loaded');
      expect(asked).toEqual(['1']);
      expect(rig.redis.near.stats().loaders['k:']).toMatchObject({ discardedFills: 0, redisFallbacks: 0 });
    });
  }
});
