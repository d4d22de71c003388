// The contract, what a program adds to its client: scripts, functions and modules.

import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Client, call } from '../support/client.js';
import { byName, KINDS, type Kind } from '../support/majors.js';
import { useServer } from '../support/use-server.js';
import { type ContractRig, makeContractRig } from './contract-rig.js';

const server = await useServer();

const PUT = "return redis.call('SET', KEYS[1], ARGV[1])";
const LIBRARY = `#!lua name=samples
redis.register_function('put', function(keys, args) return redis.call('SET', keys[1], args[1]) end)`;

function extensions(kind: Kind): Readonly<Record<string, unknown>> {
  return {
    scripts: { put: kind.script(PUT), fetch: kind.script("return redis.call('GET', KEYS[1])") },
    functions: { samples: { put: { NUMBER_OF_KEYS: 1, ...kind.command() } } },
    modules: {
      custom: { put: kind.command('SET'), fetch: kind.command('GET'), append: kind.command('APPEND') },
    },
  };
}

describe.each(byName(KINDS))('%s', (_, kind) => {
  let rig: ContractRig<Client>;
  beforeEach(async () => {
    await server.command('FUNCTION', 'LOAD', 'REPLACE', LIBRARY);
    rig = await makeContractRig(server, kind, extensions(kind));
    await rig.bare.set('k:1', 'old');
    await rig.settled();
    expect(await rig.redis.get('k:1')).toBe('old');
    rig.deafen();
  });
  afterEach(() => rig[Symbol.asyncDispose]());

  const writes: Readonly<Record<string, (redis: Client) => unknown>> = {
    'a script': (redis) => call(redis, 'put', ['k:1', 'new']),
    'a function': (redis) => call(redis, 'samples.put', ['k:1', 'new']),
    'a module': (redis) => call(redis, 'custom.put', ['k:1', 'new']),
    'a script in a transaction': (redis) =>
      call(call(redis.multi(), 'put', ['k:1', 'new']) as object, 'exec'),
    'a function in a transaction': (redis) =>
      call(call(redis.multi(), 'samples.put', ['k:1', 'new']) as object, 'exec'),
    'a module in a transaction': (redis) =>
      call(call(redis.multi(), 'custom.put', ['k:1', 'new']) as object, 'exec'),
    'a module in a pipeline': (redis) =>
      call(call(redis.multi(), 'custom.put', ['k:1', 'new']) as object, 'execAsPipeline'),
  };

  test.each(Object.entries(writes))('what %s writes is seen by the next read', async (_, write) => {
    const expected = await write(rig.bare);
    await rig.bare.set('k:1', 'old');
    expect(await write(rig.redis)).toEqual(expected);
    for (let round = 0; round < 2; round++) expect(await rig.redis.get('k:1')).toBe('new');
  });

  test('what they read is what Redis has, and no later read takes it back', async () => {
    await rig.bare.set('k:1', 'new');
    expect(await call(rig.redis, 'fetch', ['k:1'])).toBe('new');
    expect(await rig.redis.get('k:1')).toBe('new');
    await rig.bare.set('k:1', 'newer');
    expect(await call(rig.redis, 'custom.fetch', ['k:1'])).toBeOneOf(['new', 'newer']);
    await call(rig.redis, 'custom.append', ['k:1', '!']);
    expect(await call(rig.redis, 'custom.fetch', ['k:1'])).toBe('newer!');
    expect(await rig.redis.get('k:1')).toBe('newer!');
  });

  test('other keys are served from memory all the while', async () => {
    rig.tracking.release('down');
    await rig.settled();
    await rig.redis.get('k:other');
    rig.deafen();
    const { hits } = rig.prefix();
    await call(rig.redis, 'put', ['k:1', 'new']);
    await call(rig.redis, 'samples.put', ['k:1', 'new']);
    await call(rig.redis, 'custom.put', ['k:1', 'new']);
    await rig.redis.get('k:other');
    expect(rig.prefix().hits - hits).toBe(1);
    expect(rig.redis.near.state).toBe('serving');
  });
});
