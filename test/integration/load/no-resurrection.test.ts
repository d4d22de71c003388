// What was loaded before a change is never written after it: not over an invalidation, not over a write, whoever makes it.

import { setTimeout as delay } from 'node:timers/promises';
import { createClient } from 'redis-client-v4';
import { type Loader, withNearCache } from 'redis-near-cache';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { seeded } from '../../model/seeded.js';
import { until } from '../../support/until.js';
import { useServer } from '../../support/use-server.js';
import { LoadingProcess } from './loading-processes.js';

const server = await useServer();
const KEY = 'k:1';
const ROUNDS = 1_000;

const raw = createClient({ url: server.url });
const outsider = createClient({ url: server.url });
for (const client of [raw, outsider]) client.on('error', () => {});
const redis = withNearCache(raw, { prefixes: ['k:'] });
let row: string;
let pause: () => Promise<unknown>;
let loads: number;

function makeLoader(prefix: string, options: object = {}): Loader<string> {
  return redis.near.loader<string>({
    prefix,
    ttl: 60_000,
    async load() {
      loads++;
      const seen = row;
      await pause();
      return seen;
    },
    ...options,
  });
}

await redis.connect();
await redis.near.ready();
await outsider.connect();
const loader = makeLoader('k:');
const withoutLock = makeLoader('k:free:', { lock: false });
const stale = makeLoader('k:stale:', { ttl: 20, jitter: 0, staleWhileRevalidate: 60_000 });

const seed = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 31));
console.log(`no-resurrection: SEED=${seed}`);
const random = seeded(seed);
/** 0 to 3 ms, in steps finer than a timer's. */
async function aMoment(): Promise<void> {
  const turns = Math.floor(random() * 40);
  for (let turn = 0; turn < turns; turn++) await new Promise((resolve) => setImmediate(resolve));
  if (random() < 0.3) await delay(random() * 3);
}

beforeEach(async () => {
  row = 'old';
  loads = 0;
  pause = aMoment;
  // Until everything from before the test was heard.
  const invalidations = (): number => redis.near.stats().prefixes['k:']?.invalidations ?? 0;
  const before = invalidations();
  await outsider.set('k:probe', '');
  await until(() => invalidations() > before);
});

describe(`in ${ROUNDS} rounds of random timing a value from before the change is never in Redis after it, when`, () => {
  /** The loader at work while the row changes and `change` says so. */
  async function rounds(of: Loader<string>, key: string, change: (id: string) => Promise<unknown>) {
    for (let round = 0; round < ROUNDS; round++) {
      await redis.del(key);
      row = `old ${round}`;
      const got = of.get('1');
      await aMoment();
      row = `new ${round}`;
      await change('1');
      // A reader who comes after the change never gets what was loaded before it.
      const after = of.get('1');
      expect([`old ${round}`, row]).toContain(await got);
      expect(await after, `round ${round}`).not.toBe(`old ${round}`);
      const written = await outsider.get(key);
      expect(written ?? '', `round ${round}`).not.toContain('old');
    }
  }

  test('the same process invalidates', { timeout: 120_000 }, () =>
    rounds(loader, KEY, (id) => loader.invalidate(id)),
  );

  test('the same process invalidates, without locks', { timeout: 120_000 }, () =>
    rounds(withoutLock, 'k:free:1', (id) => withoutLock.invalidate(id)),
  );

  test('the same process sets', { timeout: 120_000 }, () =>
    rounds(loader, KEY, async (id) => loader.set(id, row)),
  );

  test('the same process deletes the key by itself', { timeout: 120_000 }, () =>
    rounds(loader, KEY, () => redis.del(KEY)),
  );
});

describe('another process invalidates', () => {
  let other: LoadingProcess;
  beforeEach(async () => {
    const { url } = server;
    other = await LoadingProcess.start({
      dataUrl: url,
      trackingUrl: url,
      originUrl: url,
      delay: 0,
      options: {},
    });
  });
  afterEach(() => other.kill());

  test(`${ROUNDS} times at random moments of a load: what was loaded before is never in Redis afterwards`, {
    timeout: 120_000,
  }, async () => {
    for (let round = 0; round < ROUNDS; round++) {
      await redis.del(KEY);
      row = `old ${round}`;
      const got = loader.get('1');
      await aMoment();
      row = `new ${round}`;
      await other.one('invalidate', '1');
      await got;
      expect((await outsider.get(KEY)) ?? '', `round ${round}`).not.toContain('old');
    }
  });
});

describe('during a load', () => {
  let finish: () => void;
  beforeEach(() => {
    pause = () =>
      new Promise<void>((resolve) => {
        finish = resolve;
      });
  });
  const loading = () => until(() => loads === 1);

  /** What the reader got, and what Redis holds then. */
  async function outcome(change: () => Promise<unknown>) {
    const got = loader.get('1');
    await loading();
    await change();
    finish();
    return [await got, await outsider.get(KEY)];
  }

  test('a plain SET of another program stays', async () => {
    expect(await outcome(() => outsider.set(KEY, '"theirs"'))).toEqual(['old', '"theirs"']);
  });

  test('a SET of the wrapped client stays', async () => {
    expect(await outcome(() => redis.set(KEY, '"mine"'))).toEqual(['old', '"mine"']);
  });

  test('a SET and a DEL of another program leave nothing to write over', async () => {
    const invalidations = () => redis.near.stats().prefixes['k:']?.invalidations ?? 0;
    const change = async () => {
      const before = invalidations();
      await outsider.set(KEY, '"theirs"');
      await outsider.del(KEY);
      await until(() => invalidations() > before);
    };
    expect(await outcome(change)).toEqual(['old', null]);
  });

  test('a write of the very value that was there is a write', async () => {
    await outsider.set('k:stale:1', '"same"', { PX: 60_020 });
    const before = stale.refresh('1');
    await loading();
    await outsider.set('k:stale:1', '"same"', { PX: 90_000 });
    finish();
    expect(await before).toBe('old');
    expect(await outsider.get('k:stale:1')).toBe('"same"');
    expect(Number(await outsider.pTTL('k:stale:1'))).toBeGreaterThan(80_000);
  });

  test('an early end of the value that was there is a change, too', async () => {
    await outsider.set('k:stale:1', '"there"', { PX: 50_000 });
    const refreshed = stale.refresh('1');
    await loading();
    await outsider.del('k:stale:1');
    finish();
    expect(await refreshed).toBe('old');
    expect(await outsider.get('k:stale:1')).toBeNull();
  });

  test('the natural end of the value that was there is none', async () => {
    await outsider.set('k:stale:1', '"there"', { PX: 60 });
    const refreshed = stale.refresh('1');
    await loading();
    await until(async () => (await outsider.exists('k:stale:1')) === 0);
    finish();
    expect(await refreshed).toBe('old');
    expect(await outsider.get('k:stale:1')).toBe('"old"');
  });

  test('nobody who comes after a change shares it', async () => {
    const got = loader.get('1');
    await loading();
    row = 'new';
    pause = async () => {};
    await outsider.set(KEY, '"theirs"', { PX: 60_000 });
    const later = await until(async () => (await loader.get('1')) === 'theirs').then(() => 'theirs');
    finish();
    expect([await got, later]).toEqual(['old', 'theirs']);
    expect(await outsider.get(KEY)).toBe('"theirs"');
  });

  test('an invalidation leaves no lock behind, and the next reader loads anew', async () => {
    const got = loader.get('1');
    await loading();
    row = 'new';
    await loader.invalidate('1');
    const [before, again] = [finish, loader.get('1')];
    await until(() => loads === 2);
    before();
    finish();
    expect([await got, await again]).toEqual(['old', 'new']);
    expect(await outsider.get(KEY)).toBe('"new"');
    expect(await outsider.exists('k:{k:1}~lock')).toBe(0);
  });
});
