// The way of a load, step by step, with a lock and a clock in the test's hand: orders of events that a server shows too rarely.

import { afterEach, expect, test, vi } from 'vitest';
import type { Touch } from '../../src/cache/watches.js';
import type { Baseline, Claim, FillLock, FillTerms } from '../../src/load/fill-lock.js';
import type { Found } from '../../src/load/freshness.js';
import { LoadCounts } from '../../src/load/load-counts.js';
import { type FlightSurroundings, LoadFlight } from '../../src/load/load-flight.js';
import { resolveLoader } from '../../src/load/loader-options.js';
import { Origin } from '../../src/load/origin.js';
import { RedisLink } from '../../src/load/redis-link.js';

afterEach(() => {
  vi.useRealTimers();
});

/** A flight among parts that do what the test says. */
class Scene {
  now = 0;
  touch: (touch: Touch) => void = () => {};
  touchLock: (touch: Touch) => void = () => {};
  claims: (() => Claim)[] = [];
  fills: FillTerms[] = [];
  /** What the near cache answers, one after the other; then nothing. */
  reads: (() => Found<string>)[] = [];
  begun = false;
  load: (value: string) => void = () => {};
  readonly counts = new LoadCounts();
  readonly flight: LoadFlight<string>;

  constructor(...claims: (() => Claim)[]) {
    this.claims = claims;
    const options = resolveLoader<string>({
      prefix: 'k:',
      ttl: 1_000,
      load: () => {
        this.begun = true;
        return new Promise((resolve) => {
          this.load = resolve;
        });
      },
    });
    const now = (): number => this.now;
    const lock: Pick<FillLock, 'claim' | 'fill' | 'extend' | 'release'> = {
      claim: async () => (this.claims.shift() ?? (() => won()))(),
      fill: async (terms) => {
        this.fills.push(terms);
        return 'filled';
      },
      extend: async () => true,
      release: async () => {},
    };
    const surroundings: FlightSurroundings<string> = {
      options,
      counts: this.counts,
      origin: new Origin(options, { counts: this.counts, now, loaded: () => {} }),
      link: new RedisLink(now, 60_000),
      now,
      random: () => 0.5,
      lock: () => lock as FillLock,
      watch: (_, value, ofLock) => {
        this.touch = value;
        this.touchLock = ofLock;
        return () => {};
      },
      hears: () => true,
      read: async () => {
        await Promise.resolve();
        return this.reads.shift()?.();
      },
      understood: async (_, text) => found(text),
      serves: () => true,
      written: async (_, value) => ({ text: String(value), value }),
      failed: () => {},
      kept: () => undefined,
      keep: () => {},
      fellBack: () => {},
      fault: () => {},
    };
    this.flight = new LoadFlight(surroundings, '1', { purpose: 'get' });
  }

  async loading(): Promise<void> {
    while (!this.begun) await new Promise((resolve) => setImmediate(resolve));
  }
}

const found = (value: string): Found<string> => ({ value, freshUntil: 1, staleUntil: 1, errorUntil: 1 });
const NOTHING: Baseline = { digest: '', expiresAt: '-2', left: -2 };
const won = (baseline = NOTHING): Claim => ({ kind: 'won', token: 'mine', baseline });
const held = (left: number): Claim => ({ kind: 'held', token: 'theirs', baseline: NOTHING, left });

test('a value in its last millisecond expires during its load: that is no change, and the load is filled and shared', async () => {
  const scene = new Scene(() => won({ digest: 'abc', expiresAt: '17', left: 0 }));
  await scene.loading();
  scene.now = 1;
  scene.touch('pushed');
  expect(scene.flight.joinable).toBe(true);
  scene.load('new');
  expect(await scene.flight.result).toBe('new');
  expect(scene.fills).toMatchObject([{ text: 'new', mayExpire: true }]);
});

test('a second push is a change', async () => {
  const scene = new Scene(() => won({ digest: 'abc', expiresAt: '17', left: 0 }));
  await scene.loading();
  scene.touch('pushed');
  scene.touch('pushed');
  expect(scene.flight.joinable).toBe(false);
  scene.load('new');
  expect(await scene.flight.result).toBe('new');
  expect(scene.fills).toEqual([]);
  expect(scene.counts.discardedFills).toBe(1);
});

test('a push before the time of what was there is a change', async () => {
  const scene = new Scene(() => won({ digest: 'abc', expiresAt: '17', left: 500 }));
  await scene.loading();
  scene.now = 499;
  scene.touch('pushed');
  scene.load('new');
  await scene.flight.result;
  expect(scene.fills).toEqual([]);
});

test('a gap in what is heard: what is gone may have been deleted', async () => {
  const scene = new Scene(() => won({ digest: 'abc', expiresAt: '17', left: 500 }));
  await scene.loading();
  scene.touch('flushed');
  expect(scene.flight.joinable).toBe(false);
  scene.load('new');
  await scene.flight.result;
  expect(scene.fills).toMatchObject([{ mayExpire: false }]);
});

test('a wake-up that comes while the lock is being asked for is not missed', async () => {
  // No wait ends by itself.
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  // The holder fills right after this claim was executed, before its reply is there.
  const scene: Scene = new Scene(
    () => {
      scene.touch('pushed');
      return held(60_000_000);
    },
    () => ({ kind: 'found', text: 'theirs', left: 1_000 }),
  );
  let value: string | null = null;
  void scene.flight.result.then((result) => {
    value = result;
  });
  for (let turn = 0; turn < 50; turn++) await new Promise((resolve) => setImmediate(resolve));
  expect(value).toBe('theirs');
});

test('what was looked up before a change is not for who comes after it: the flight looks again', async () => {
  const scene = new Scene();
  scene.reads.push(
    () => {
      scene.touch('pushed');
      return found('before');
    },
    () => found('after'),
  );
  expect(scene.flight.joinable).toBe(true);
  expect(await scene.flight.result).toBe('after');
});

test('the push of an expiry before the load begins makes nobody load a second time', async () => {
  const scene: Scene = new Scene(() => {
    scene.touch('pushed');
    return won();
  });
  await scene.loading();
  expect(scene.flight.joinable).toBe(true);
  scene.load('new');
  expect(await scene.flight.result).toBe('new');
  expect(scene.fills).toHaveLength(1);
});

test('a key that changes all the time holds nobody up for ever', async () => {
  const scene = new Scene();
  for (let read = 0; read < 10; read++) {
    scene.reads.push(() => {
      scene.touch('pushed');
      return found(`read ${read}`);
    });
  }
  expect(await scene.flight.result).toBe('read 3');
});
