// Memory, the way to the first hit, and what many prefixes or many entries do to the rest.

import { setTimeout as delay } from 'node:timers/promises';
import { LRUCache } from 'lru-cache';
import { nearV6, ownCacheV6, plainV6, warm } from '../caches.js';
import { names, PREFIX } from '../names.js';
import { type Contestant, type Figures, perCall, type Setting, type Suite, TIME, timed } from '../suite.js';

const ENTRIES = 50_000;
const KEYS = names(ENTRIES);
const ROOM = { maxEntries: ENTRIES, maxBytes: 2 ** 31 };
const BYTES = { unit: 'bytes', better: 'lower' } as const;

interface Shape {
  readonly title: string;
  readonly write: (client: Awaited<ReturnType<typeof plainV6>>, key: string) => Promise<unknown>;
  readonly read: (client: Reads, key: string) => Promise<unknown>;
  /** The same value made anew, as a client decodes it: for caches that are given theirs. */
  readonly make: () => object | string;
}

interface Reads {
  get(key: string): Promise<unknown>;
  hGetAll(key: string): Promise<unknown>;
  lRange(key: string, start: number, stop: number): Promise<unknown>;
}

/** As a socket's bytes become text: a string of its own. */
const text = (value: string): string => Buffer.from(value).toString();
const FIELDS = Array.from(
  { length: 10 },
  (_, index) => [`field:${index}`, `the value number ${index}`] as const,
);
const ITEMS = Array.from({ length: 100 }, (_, index) => `item number ${index}`);

const SHAPES: Readonly<Record<string, Shape>> = {
  string: {
    title: 'a string of 100 bytes',
    write: (client, key) => client.set(key, 'v'.repeat(100)),
    read: (client, key) => client.get(key),
    make: () => text('v'.repeat(100)),
  },
  hash: {
    title: 'a hash of 10 fields',
    write: (client, key) => client.hSet(key, Object.fromEntries(FIELDS)),
    read: (client, key) => client.hGetAll(key),
    make: () => {
      const record: Record<string, string> = Object.create(null);
      for (const [name, value] of FIELDS) record[text(name)] = text(value);
      return record;
    },
  },
  list: {
    title: 'a list of 100 items',
    write: (client, key) => client.rPush(key, ITEMS),
    read: (client, key) => client.lRange(key, 0, -1),
    make: () => ITEMS.map(text),
  },
};

async function heap(): Promise<number> {
  for (let round = 0; round < 4; round++) {
    globalThis.gc?.();
    await delay(20);
  }
  const { external, heapUsed } = process.memoryUsage();
  return heapUsed + external;
}

/** What every entry adds to the process, its value included. */
async function growth(fill: () => Promise<unknown> | unknown, estimate?: () => number): Promise<Figures> {
  const before = await heap();
  await fill();
  const entry = ((await heap()) - before) / ENTRIES;
  return estimate === undefined ? { entry } : { entry, 'estimate to truth': estimate() / ENTRIES / entry };
}

async function prepared({ url }: Setting, shape: Shape): Promise<void> {
  const client = await plainV6(url);
  for (let start = 0; start < ENTRIES; start += 1_000)
    await Promise.all(KEYS.slice(start, start + 1_000).map((key) => shape.write(client, key)));
  await client.close();
}

/** Keys are strings of their own too. */
const ownKeys = (): string[] => KEYS.map(text);

const memoryOf = (shape: Shape): Suite => ({
  title: `Memory of ${shape.title}`,
  what: 'Heap and external memory that each of 50 000 entries adds, key and value included, after garbage collection.',
  metrics: { entry: BYTES, 'estimate to truth': { unit: 'x', better: 'lower' } },
  base: 'lru-cache',
  rounds: 3,
  fresh: true,
  contestants: {
    'lru-cache': async () => {
      const held: object[] = [];
      return {
        round: () =>
          growth(() => {
            const cache = new LRUCache<string, object>({ max: ENTRIES });
            for (const key of ownKeys()) cache.set(key, shape.make() as object);
            held.push(cache);
          }),
        close: () => {},
      };
    },
    'redis-near-cache': async (setting) => {
      await prepared(setting, shape);
      const client = await nearV6(setting.url, ROOM);
      const entries = (): number => client.near.stats().entries;
      // What was written before is pushed still.
      await delay(500);
      return {
        round: () =>
          growth(
            async () => {
              await warm(ownKeys(), (key) => shape.read(client, key));
              if (entries() < ENTRIES) throw new Error(`${entries()} entries are held.`);
            },
            () => client.near.stats().bytes,
          ),
        close: () => client.destroy(),
      };
    },
    'node-redis 6 clientSideCache': async (setting) => {
      await prepared(setting, shape);
      const client = await ownCacheV6(setting.url, ROOM.maxEntries);
      return {
        round: () => growth(() => warm(ownKeys(), (key) => shape.read(client, key))),
        close: () => client.destroy(),
      };
    },
  },
});

export const memory = Object.fromEntries(
  Object.entries(SHAPES).map(([name, shape]) => [`memory:${name}`, memoryOf(shape)]),
);

const MILLISECONDS = { unit: 'ms', better: 'lower' } as const;

/** In a process that has done nothing yet but load its modules. */
async function firstReply<C extends { get(key: string): Promise<unknown> }>(
  open: () => Promise<C>,
): Promise<{ client: C; figures: Figures }> {
  const start = performance.now();
  const client = await open();
  const connected = performance.now();
  await client.get(`${PREFIX}1`);
  return { client, figures: { connect: connected - start, 'first reply': performance.now() - start } };
}

export const start: Suite = {
  title: 'From cold to serving',
  what: 'A fresh process: until `connect()` has resolved, with tracking armed where there is any, and until the first reply.',
  metrics: { connect: MILLISECONDS, 'first reply': MILLISECONDS },
  base: 'node-redis 6',
  rounds: 9,
  fresh: true,
  contestants: {
    'node-redis 6': ({ url }) => cold(() => plainV6(url)),
    'redis-near-cache': ({ url }) => cold(() => nearV6(url)),
    'node-redis 6 clientSideCache': ({ url }) => cold(() => ownCacheV6(url)),
  },
};

async function cold<C extends { get(key: string): Promise<unknown>; destroy(): unknown }>(
  open: () => Promise<C>,
): Promise<Contestant> {
  let opened: C | undefined;
  return {
    async round() {
      const { client, figures } = await firstReply(open);
      opened = client;
      return figures;
    },
    close: () => opened?.destroy(),
  };
}

const HELD = names(1_000);

/** Prefixes none of which is another's, one of them that of the keys. */
const many = (count: number): string[] => [
  PREFIX,
  ...Array.from({ length: count - 1 }, (_, index) => `other:${index}:`),
];

async function withPrefixes({ url }: Setting, count: number): Promise<Contestant> {
  const client = await plainV6(url);
  await Promise.all(HELD.map((key) => client.set(key, 'v'.repeat(100))));
  await client.close();
  const options = { prefixes: many(count), serverTtl: false };
  const held = await nearV6(url, options);
  await warm(
    HELD,
    (key) => held.get(key),
    (key) => held.near.peek(key) !== undefined,
  );
  const missing = await nearV6(url, { ...options, maxEntries: 1 });
  return {
    round: async () => ({
      hit: await perCall(HELD.length, async () => {
        for (const key of HELD) await held.get(key);
      }),
      miss: await perCall(HELD.length, () => Promise.all(HELD.map((key) => missing.get(key)))),
    }),
    close() {
      held.destroy();
      missing.destroy();
    },
  };
}

export const prefixes: Suite = {
  title: 'Many prefixes',
  what: 'A hit, awaited, and a miss among 1 000 in flight, with so many prefixes registered.',
  metrics: { hit: TIME.time, miss: TIME.time },
  base: '1 prefix',
  rounds: 7,
  contestants: Object.fromEntries(
    [1, 10, 100, 1_000].map((count) => [
      `${count} prefix${count === 1 ? '' : 'es'}`,
      (setting: Setting) => withPrefixes(setting, count),
    ]),
  ),
};

/** Every one of so many entries in turn, in an order that no processor foresees. */
function shuffled(count: number): string[] {
  const keys = names(count);
  let state = 1;
  for (let index = count - 1; index > 0; index--) {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff;
    const other = state % (index + 1);
    [keys[index], keys[other]] = [keys[other] as string, keys[index] as string];
  }
  return keys;
}

const LABELS = { 1000: '1 k', 100000: '100 k', 1000000: '1 M' } as const;

async function nearWith({ url }: Setting, count: number): Promise<Contestant> {
  const keys = shuffled(count);
  const writer = await plainV6(url);
  for (let start = 0; start < count; start += 10_000)
    await writer.mSet(
      keys.slice(start, start + 10_000).map((key): [string, string] => [key, 'v'.repeat(100)]),
    );
  await writer.close();
  const client = await nearV6(url, { maxEntries: 2 * count, maxBytes: 2 ** 31, serverTtl: false });
  for (let left = keys; left.length > 0; left = left.filter((key) => client.near.peek(key) === undefined))
    for (let start = 0; start < left.length; start += 1_000)
      await client.mGet(left.slice(start, start + 1_000));
  return walk(
    (key) => client.get(key),
    keys,
    () => client.destroy(),
  );
}

/** A thousand at a time, so that large ones go through all in several rounds. */
function walk(get: (key: string) => unknown, keys: readonly string[], close: () => unknown): Contestant {
  let at = 0;
  return timed(
    1_000,
    async () => {
      for (let left = 1_000; left > 0; left--) {
        at = at + 1 < keys.length ? at + 1 : 0;
        await get(keys[at] as string);
      }
    },
    close,
  );
}

export const entries: Suite = {
  title: 'Many entries',
  what: 'A hit, awaited, of keys at random among so many that are held.',
  metrics: TIME,
  base: 'lru-cache, 1 k',
  rounds: 5,
  contestants: Object.fromEntries(
    Object.entries(LABELS).flatMap(([number, label]) => {
      const count = Number(number);
      return [
        [
          `lru-cache, ${label}`,
          async () => {
            const keys = shuffled(count);
            const cache = new LRUCache<string, string>({ max: 2 * count });
            for (const key of keys) cache.set(key, text('v'.repeat(100)));
            return walk(
              (key) => cache.get(key),
              keys,
              () => {},
            );
          },
        ],
        [`redis-near-cache, ${label}`, (setting: Setting) => nearWith(setting, count)],
      ];
    }),
  ),
};
