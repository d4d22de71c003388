// The contract, views of v5 and v6: `withTypeMapping()` and its like answer as those of the bare client do, whatever was
// read before in another mapping, and a reply of one type never reaches a reader of another.

import { deepStrictEqual } from 'node:assert/strict';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type Client, call, has, outcome } from '../support/client.js';
import { byName, MAPPED, RESP_TYPES } from '../support/majors.js';
import { RedisServer } from '../support/redis-server.js';
import { type ContractRig, makeContractRig } from './contract-rig.js';
import { ruin } from './ruin.js';
import { DATA, SAMPLES, type Sample, title } from './samples.js';

let server: RedisServer;
beforeAll(async () => {
  server = await RedisServer.start();
  for (const command of DATA) await server.command(...command);
});
afterAll(() => server.stop());

const { BLOB_STRING, DOUBLE, MAP, NUMBER, SET, SIMPLE_STRING } = RESP_TYPES;

const MAPPINGS: Readonly<Record<string, object>> = {
  'strings as Buffers': { [BLOB_STRING]: Buffer },
  'all strings as Buffers': { [BLOB_STRING]: Buffer, [SIMPLE_STRING]: Buffer },
  'hashes as Maps': { [MAP]: Map },
  'hashes as arrays': { [MAP]: Array },
  'sets as Sets': { [SET]: Set },
  'doubles as strings': { [DOUBLE]: String },
  'numbers as strings': { [NUMBER]: String },
  'everything at once': { [BLOB_STRING]: Buffer, [MAP]: Map, [SET]: Set, [DOUBLE]: String, [NUMBER]: String },
  'no mapping': {},
};

/** One of each method. */
const SOME = SAMPLES.filter(
  ({ method }, index) => SAMPLES.findIndex((other) => other.method === method) === index,
);

const read = (client: Client, { method, args }: Sample) => outcome(() => call(client, method, args));
const view = (client: Client, mapping: object) => call(client, 'withTypeMapping', [mapping]) as Client;

/** Ways to get a view of a view. */
const CHAINS: Readonly<Record<string, (client: Client) => unknown>> = {
  'withTypeMapping().asap()': (client) => call(view(client, { [BLOB_STRING]: Buffer }), 'asap'),
  'asap().withTypeMapping()': (client) =>
    call(call(client, 'asap') as object, 'withTypeMapping', [{ [BLOB_STRING]: Buffer }]),
  'withTypeMapping() twice': (client) => view(view(client, { [MAP]: Map }), { [BLOB_STRING]: Buffer }),
  'withTypeMapping() and back': (client) => view(view(client, { [BLOB_STRING]: Buffer }), {}),
  'withAbortSignal().withTypeMapping()': (client) =>
    view(call(client, 'withAbortSignal', [new AbortController().signal]) as Client, { [MAP]: Map }),
  'withTypeMapping().withAbortSignal()': (client) =>
    call(view(client, { [SET]: Set }), 'withAbortSignal', [new AbortController().signal]),
  'withCommandOptions() of a mapping': (client) =>
    call(client, 'withCommandOptions', [{ typeMapping: { [BLOB_STRING]: Buffer } }]),
  'withCommandOptions() of a mapping, urgent': (client) =>
    call(client, 'withCommandOptions', [{ typeMapping: { [MAP]: Map }, asap: true }]),
  'withCommandOptions() of nothing': (client) => call(client, 'withCommandOptions', [{}]),
  'withTypeMapping().withCommandOptions() of nothing': (client) =>
    call(view(client, { [BLOB_STRING]: Buffer }), 'withCommandOptions', [{}]),
  'withCommandOptions() of a timeout': (client) => call(client, 'withCommandOptions', [{ timeout: 10_000 }]),
};

describe.each(byName(MAPPED))('%s', (_, kind) => {
  let rig: ContractRig<Client>;
  beforeAll(async () => {
    rig = await makeContractRig(server, kind);
    await rig.settled();
  });
  afterAll(() => rig[Symbol.asyncDispose]());
  beforeEach(() => rig.redis.near.clear());

  test.each(Object.entries(MAPPINGS))(
    '%s, before and after reads in the default mapping',
    async (_, mapping) => {
      for (const sample of SAMPLES) {
        const inDefault = await read(rig.bare, sample);
        const inMapping = await read(view(rig.bare, mapping), sample);
        for (const order of [
          ['default', 'mapped', 'default', 'mapped'],
          ['mapped', 'default', 'mapped', 'default'],
        ]) {
          rig.redis.near.clear();
          for (const which of order) {
            const mapped = which === 'mapped';
            const reply = await read(mapped ? view(rig.redis, mapping) : rig.redis, sample);
            deepStrictEqual(reply, mapped ? inMapping : inDefault, `${title(sample)}: ${which} of ${order}`);
            if ('reply' in reply) ruin(reply.reply);
          }
        }
      }
    },
  );

  test('all mappings of one read at once get each its own', async () => {
    const views = (client: Client) => Object.values(MAPPINGS).map((mapping) => view(client, mapping));
    for (const sample of SOME) {
      const expected = await Promise.all(views(rig.bare).map((each) => read(each, sample)));
      for (let round = 0; round < 2; round++) {
        const replies = await Promise.all(views(rig.redis).map((each) => read(each, sample)));
        deepStrictEqual(replies, expected, title(sample));
        for (const reply of replies) if ('reply' in reply) ruin(reply.reply);
      }
    }
  });

  test.each(Object.entries(CHAINS))('%s answers as that of the bare client', async (_, chain) => {
    const bare = chain(rig.bare) as Client;
    const wrapped = chain(rig.redis) as Client;
    for (const sample of SOME) {
      const expected = await read(bare, sample);
      deepStrictEqual(await read(wrapped, sample), expected, title(sample));
      deepStrictEqual(await read(rig.redis, sample), await read(rig.bare, sample), title(sample));
      deepStrictEqual(await read(wrapped, sample), expected, title(sample));
    }
  });

  test('a view sends everything that the client does', async () => {
    const answers = async (client: Client) => {
      const bytes = view(client, { [BLOB_STRING]: Buffer });
      return [
        await bytes.sendCommand(['GET', 'k:string']),
        await bytes.multi().get('k:string').exec(),
        await bytes.multi().get('k:string').execAsPipeline(),
        await bytes.ping(),
        has(bytes, 'connect'),
        bytes.isOpen,
        bytes.isReady,
        bytes.options === client.options,
      ];
    };
    deepStrictEqual(await answers(rig.redis), await answers(rig.bare));
  });

  test('a view sees what the client writes, and the client what the view writes', async () => {
    const bytes = view(rig.redis, { [BLOB_STRING]: Buffer });
    await rig.redis.set('k:shared', '1');
    expect(await bytes.get('k:shared')).toEqual(Buffer.from('1'));
    rig.deafen();
    await rig.redis.set('k:shared', '2');
    expect(await bytes.get('k:shared')).toEqual(Buffer.from('2'));
    expect(await rig.redis.get('k:shared')).toBe('2');
    await bytes.set('k:shared', '3');
    expect(await rig.redis.get('k:shared')).toBe('3');
    expect(await bytes.get('k:shared')).toEqual(Buffer.from('3'));
    await bytes.multi().set('k:shared', '4').exec();
    expect(await rig.redis.get('k:shared')).toBe('4');
    await rig.redis.del('k:shared');
    expect(await bytes.get('k:shared')).toBeNull();
    rig.tracking.release('down');
    await rig.settled();
  });
});

describe.each(byName(MAPPED))('%s with a mapping of its own', (_, kind) => {
  test.each(Object.entries(MAPPINGS))('%s', async (_, typeMapping) => {
    await using rig = await makeContractRig(server, kind, { commandOptions: { typeMapping } });
    for (const sample of SAMPLES) {
      const expected = await read(rig.bare, sample);
      for (let round = 0; round < 2; round++) {
        const reply = await read(rig.redis, sample);
        deepStrictEqual(reply, expected, title(sample));
        if ('reply' in reply) ruin(reply.reply);
      }
    }
  });

  test.each(Object.entries(MAPPINGS))('%s, and views in others', async (_, typeMapping) => {
    await using rig = await makeContractRig(server, kind, { commandOptions: { typeMapping } });
    for (const sample of SOME) {
      const expected = await read(rig.bare, sample);
      for (const [name, mapping] of Object.entries(MAPPINGS)) {
        const mapped = await read(view(rig.bare, mapping), sample);
        for (let round = 0; round < 2; round++) {
          deepStrictEqual(await read(view(rig.redis, mapping), sample), mapped, `${title(sample)}, ${name}`);
        }
        deepStrictEqual(await read(rig.redis, sample), expected, title(sample));
      }
    }
  });
});
