// The contract, concurrent reads: equal ones are one read at the server, and no reader's abort or error is another's.

import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Client, call, outcome } from '../support/client.js';
import { byName, KINDS } from '../support/majors.js';
import { calls } from '../support/rig.js';
import { useServer } from '../support/use-server.js';
import { type ContractRig, makeContractRig } from './contract-rig.js';

const server = await useServer();

describe.each(byName(KINDS))('%s', (_, kind) => {
  let rig: ContractRig<Client>;
  beforeEach(async () => {
    rig = await makeContractRig(server, kind);
    await rig.bare.set('k:1', 'value');
    await rig.bare.hSet('k:h', { f: '1' });
    await rig.bare.rPush('k:l', ['a', 'b']);
    await rig.settled();
    await server.command('CONFIG', 'RESETSTAT');
  });
  afterEach(() => rig[Symbol.asyncDispose]());

  const many = <T>(read: () => Promise<T>): Promise<T[]> => Promise.all(Array.from({ length: 100 }, read));

  test('100 equal reads at once are one', async () => {
    expect(new Set(await many(() => rig.redis.get('k:1')))).toEqual(new Set(['value']));
    expect(await calls(server, 'get')).toBe(1);
    for (const hash of await many(() => rig.redis.hGetAll('k:h'))) expect(hash).toEqual({ f: '1' });
    expect(await calls(server, 'hgetall')).toBe(1);
    const lists = await many(() => rig.redis.lRange('k:l', 0, -1));
    expect(await calls(server, 'lrange')).toBe(1);
    lists[0]?.pop();
    for (const list of lists.slice(1)) expect(list).toEqual(['a', 'b']);
    expect(rig.prefix()).toMatchObject({ misses: 3, coalesced: 297, hits: 0 });
  });

  test('so are mGet()s, and those of other commands that overlap', async () => {
    await many(() => rig.redis.mGet(['k:1', 'k:2']));
    await rig.redis.mGet(['k:2', 'k:1']);
    expect(await calls(server, 'mget')).toBe(1);
    expect(await rig.redis.get('k:1')).toBe('value');
    expect(await calls(server, 'get')).toBe(0);
  });

  test('an error reaches all who wait and is not kept', async () => {
    const outcomes = await many(() => outcome(() => rig.redis.get('k:l')));
    const expected = await outcome(() => rig.bare.get('k:l'));
    for (const each of outcomes) expect(each).toStrictEqual(expected);
    expect(await calls(server, 'get')).toBe(2);
    await rig.redis.del('k:l');
    expect(await rig.redis.get('k:l')).toBeNull();
  });

  test('the abort of the reader who started a read does not reach those who joined', async () => {
    const abort = new AbortController();
    const read = (client: Client) => outcome(() => kind.withSignal(abort.signal)(client, 'get', ['k:1']));
    const leader = read(rig.redis);
    const joined = rig.redis.get('k:1');
    abort.abort();
    expect(await leader).toStrictEqual(await read(rig.bare));
    expect(await joined).toBe('value');
    expect(await rig.redis.get('k:1')).toBe('value');
  });

  test('the abort of one who joined does not reach the others', async () => {
    const abort = new AbortController();
    const leader = rig.redis.get('k:1');
    const joined = outcome(() => kind.withSignal(abort.signal)(rig.redis, 'get', ['k:1']));
    const third = kind.withSignal(new AbortController().signal)(rig.redis, 'get', ['k:1']);
    abort.abort();
    expect(await leader).toBe('value');
    expect(await third).toBe('value');
    // It may have had its reply first; if not, it is told what the bare client tells.
    const result = await joined;
    if ('error' in result)
      expect(result.error).toMatchObject({ name: expect.stringMatching(/^(Abort)?Error$/) });
    else expect(result.reply).toBe('value');
  });

  test('a signal that was aborted before refuses as the bare client does', async () => {
    const refused = (client: Client, method: string, args: unknown[]) =>
      outcome(() => kind.withSignal(AbortSignal.abort())(client, method, args));
    for (let round = 0; round < 2; round++) {
      for (const [method, args] of [
        ['get', ['k:1']],
        ['hGetAll', ['k:h']],
        ['mGet', [['k:1', 'k:2']]],
      ] as const) {
        const expected = await refused(rig.bare, method, [...args]);
        expect(expected).toHaveProperty('error');
        expect(await refused(rig.redis, method, [...args]), method).toStrictEqual(expected);
        await call(rig.redis, method, args);
      }
    }
  });

  test('readers with a signal that never fires read as all others do', async () => {
    const { signal } = new AbortController();
    const read = () => kind.withSignal(signal)(rig.redis, 'get', ['k:1']) as Promise<unknown>;
    expect(await Promise.all([read(), rig.redis.get('k:1'), read()])).toEqual(['value', 'value', 'value']);
    expect(await read()).toBe('value');
    expect(await rig.redis.get('k:1')).toBe('value');
  });

  test('so do urgent readers and readers of bytes', async () => {
    const urgent = () => kind.asap(rig.redis, 'get', ['k:1']) as Promise<unknown>;
    const bytes = () => kind.asBytes(rig.redis, 'get', ['k:1']) as Promise<unknown>;
    const expected = ['value', Buffer.from('value'), 'value'];
    for (let round = 0; round < 3; round++) {
      expect(await Promise.all([urgent(), bytes(), rig.redis.get('k:1')])).toEqual(expected);
    }
    await rig.redis.set('k:1', 'new');
    expect(await Promise.all([urgent(), bytes(), rig.redis.get('k:1')])).toEqual([
      'new',
      Buffer.from('new'),
      'new',
    ]);
  });
});
