// A soak: readers and writers under a schedule of faults, every reply checked against the history of writes, and at the
// end nothing held that is not what Redis has.

import { performance } from 'node:perf_hooks';
import type { Client, Near } from '../support/client.js';
import { discard, wrap } from '../support/majors.js';
import { until } from '../support/until.js';
import { BEDS } from './beds.js';
import { History, type Seen } from './history.js';
import type { BedName, Fault, SoakBed } from './soak-bed.js';

export interface SoakOptions {
  readonly bed: BedName;
  readonly minutes: number;
  readonly random: () => number;
  readonly progress: (text: string) => void;
}

export interface FaultRow {
  readonly name: string;
  count: number;
  /** Worst staleness of a reply while it lasted and until the next fault. Unit: ms. */
  worst: number;
  /** Of each time: from its end until every reader served hits again. Unit: ms. */
  readonly recoveries: number[];
}

export interface SoakReport {
  readonly bed: BedName;
  reads: number;
  writes: number;
  /** Reads and writes that failed, as they may under these faults. */
  errors: number;
  readonly faults: Map<string, FaultRow>;
  readonly violations: string[];
  /** Entries that were held at the end and were not what Redis has. */
  stuck: number;
  /** Entries compared at the end. */
  compared: number;
  worst: number;
  hitRatio: number;
  heapHighWater: number;
}

export const MAX_STALENESS = 1_000;
const HEARTBEAT = 150;
/** What the promise is measured with: timers and replies take their time. */
const ALLOWANCE = 100;
const KEYS = Array.from({ length: 40 }, (_, index) => `k:${index}`);

export async function soak(options: SoakOptions): Promise<SoakReport> {
  const bed = await BEDS[options.bed]();
  try {
    return await new Soak(bed, options).run();
  } finally {
    await bed.stop();
  }
}

class Soak {
  readonly #bed: SoakBed;
  readonly #options: SoakOptions;
  readonly #history = new History(MAX_STALENESS + ALLOWANCE);
  readonly #report: SoakReport;
  readonly #readers: readonly Near[];
  #current: FaultRow = { name: 'none', count: 0, worst: 0, recoveries: [] };
  #isReading = true;
  #isWriting = true;

  constructor(bed: SoakBed, options: SoakOptions) {
    this.#bed = bed;
    this.#options = options;
    this.#readers = bed.readers.map(({ client, options: own }) => {
      const near = wrap(client, {
        prefixes: ['k:'],
        maxStaleness: MAX_STALENESS,
        heartbeat: HEARTBEAT,
        ...own,
      });
      near.near.on('error', () => {});
      return near;
    });
    this.#report = {
      bed: options.bed,
      reads: 0,
      writes: 0,
      errors: 0,
      faults: new Map(),
      violations: [],
      stuck: 0,
      compared: 0,
      worst: 0,
      hitRatio: 0,
      heapHighWater: 0,
    };
  }

  async run(): Promise<SoakReport> {
    const writer = this.#bed.bare();
    await Promise.all([writer, ...this.#readers].map((client) => client.connect()));
    try {
      const loops = [
        this.#write(writer, KEYS),
        ...this.#readers.flatMap((reader, index) => this.#loopsOf(reader, index)),
      ];
      await this.#strike();
      this.#isWriting = false;
      await this.#bed.healed();
      await this.#compare(writer);
      this.#isReading = false;
      await Promise.all(loops);
    } finally {
      this.#isReading = false;
      this.#isWriting = false;
      await Promise.all([writer, ...this.#readers].map((client) => discard(client).catch(() => {})));
    }
    return this.#report;
  }

  /** Several loops of one process read the same keys; one writes keys of its own and reads them back. */
  #loopsOf(reader: Near, index: number): Promise<void>[] {
    const seen = new Map<string, Seen>();
    const own = [`k:own:${index}:a`, `k:own:${index}:b`];
    return [
      this.#read(reader, KEYS, seen),
      this.#read(reader, KEYS, seen),
      this.#readMany(reader, seen),
      this.#write(reader, own, seen),
    ];
  }

  // --- faults ----------------------------------------------------------------------------------------------

  async #strike(): Promise<void> {
    const { minutes, progress, random } = this.#options;
    const end = performance.now() + minutes * 60_000;
    await this.#recovered(performance.now());
    while (performance.now() < end && this.#report.violations.length === 0) {
      const fault = this.#bed.faults[Math.floor(random() * this.#bed.faults.length)];
      if (fault === undefined) return;
      progress(`${Math.round((end - performance.now()) / 1_000)} s left: ${fault.name}`);
      await this.#strikeBy(fault);
      await pause(200 + random() * 600);
      this.#look();
    }
  }

  async #strikeBy(fault: Fault): Promise<void> {
    const row = this.#report.faults.get(fault.name) ?? {
      name: fault.name,
      count: 0,
      worst: 0,
      recoveries: [],
    };
    this.#report.faults.set(fault.name, row);
    row.count++;
    this.#current = row;
    const lost = fault.losesWrites === true ? this.#history.losing() : undefined;
    try {
      await fault.strike(this.#options.random);
    } finally {
      lost?.();
    }
    row.recoveries.push(await this.#recovered(performance.now()));
  }

  /** Until every reader serves hits. @returns how long that took, in ms */
  async #recovered(since: number): Promise<number> {
    const isServing = ({ near }: Near): boolean =>
      near.state === 'serving' &&
      near.stats().tracking.every(({ role, state }) => role === 'replica' || state === 'armed');
    await until(() => this.#readers.every(isServing), 60_000, 'every reader to serve again');
    return performance.now() - since;
  }

  #look(): void {
    const { heapUsed } = process.memoryUsage();
    this.#report.heapHighWater = Math.max(this.#report.heapHighWater, heapUsed);
  }

  // --- load ------------------------------------------------------------------------------------------------

  async #write(client: Client, keys: readonly string[], seen?: Map<string, Seen>): Promise<void> {
    while (this.#isWriting) {
      const key = pick(keys, this.#options.random);
      const sent = this.#history.sending(key);
      try {
        await client.set(key, String(sent.version));
        this.#report.writes++;
        if (this.#history.acknowledged(sent)) seen?.set(key, sent);
        if (seen !== undefined) await this.#readOne(client, key, seen);
      } catch {
        this.#report.errors++;
      }
      await pause(2);
    }
  }

  async #read(client: Client, keys: readonly string[], seen: Map<string, Seen>): Promise<void> {
    while (this.#isReading) {
      for (let reads = 0; reads < 20; reads++)
        await this.#readOne(client, pick(keys, this.#options.random), seen).catch(
          () => this.#report.errors++,
        );
      await pause(1);
    }
  }

  async #readOne(client: Client, key: string, seen: Map<string, Seen>): Promise<void> {
    const asked = this.#history.asking(key, seen.get(key) ?? { version: 0, losses: 0 });
    this.#judge(asked, await client.get(key), seen);
  }

  async #readMany(client: Client, seen: Map<string, Seen>): Promise<void> {
    while (this.#isReading) {
      const keys = Array.from({ length: 5 }, () => pick(KEYS, this.#options.random));
      const asked = keys.map((key) => this.#history.asking(key, seen.get(key) ?? { version: 0, losses: 0 }));
      try {
        const values = await client.mGet(keys);
        for (const [index, each] of asked.entries()) this.#judge(each, values[index] ?? null, seen);
      } catch {
        this.#report.errors++;
      }
      await pause(5);
    }
  }

  #judge(asked: Parameters<History['judge']>[0], value: string | null, seen: Map<string, Seen>): void {
    const version = Number(value ?? 0);
    const { staleness, violation } = this.#history.judge(asked, version);
    this.#report.reads++;
    this.#report.worst = Math.max(this.#report.worst, staleness);
    this.#current.worst = Math.max(this.#current.worst, staleness);
    if (violation !== undefined) this.#report.violations.push(`${violation} (${this.#current.name})`);
    const known = seen.get(asked.key);
    const { losses } = this.#history;
    if (known === undefined || known.losses !== losses || known.version < version)
      seen.set(asked.key, { version, losses });
  }

  // --- the end ---------------------------------------------------------------------------------------------

  /** Writes have stopped and the network has healed: whatever is held must be what Redis has, in a moment. */
  async #compare(truth: Client): Promise<void> {
    await this.#recovered(performance.now());
    const counted = this.#readers.map(({ near }) => near.stats().prefixes['k:']);
    const reads = sum(
      counted.map((stats) => (stats ? stats.hits + stats.misses + stats.coalesced + stats.bypassed : 0)),
    );
    this.#report.hitRatio = sum(counted.map((stats) => stats?.hits ?? 0)) / Math.max(1, reads);
    const actual = new Map<string, string | null>();
    for (const key of KEYS) actual.set(key, await truth.get(key));
    for (const reader of this.#readers) {
      for (const key of KEYS) {
        const isRight = (): boolean => {
          const held = reader.near.peek(key);
          return held === undefined || held === actual.get(key);
        };
        this.#report.compared++;
        await until(isRight, MAX_STALENESS + 2_000, key).catch(() => this.#report.stuck++);
      }
    }
  }
}

function pick<T>(items: readonly T[], random: () => number): T {
  return items[Math.floor(random() * items.length)] as T;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
