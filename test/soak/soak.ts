// A soak: readers and writers under a schedule of faults, every reply checked against the history of writes, and at the
// end nothing held that is not what Redis has, and nobody who still waits.

import { seeded } from '../model/seeded.js';
import type { Client, Near } from '../support/client.js';
import { discard, wrap } from '../support/majors.js';
import { BEDS } from './beds/beds.js';
import { faultsOfProcess, MovableClock } from './faults/process-faults.js';
import { History } from './history.js';
import { LiveKeys } from './live-keys.js';
import { type LoadOptions, ReaderLoad, type Reply, writeAlone } from './load.js';
import { mendClients } from './mended-clients.js';
import { recovery } from './recovery.js';
import { emptyReport, rowOf, type SoakReport } from './report.js';
import { fork, type Stroke, scheduleOf } from './schedule.js';
import { type BedName, type Fault, pause, type SoakBed } from './soak-bed.js';
import { underControl } from './starvation.js';
import { testimony } from './testimony.js';

export interface SoakOptions {
  readonly bed: BedName;
  readonly minutes: number;
  readonly seed: number;
  /** Only faults whose name contains this. */
  readonly only?: string;
  readonly progress: (text: string) => void;
}

export const MAX_STALENESS = 1_000;
const HEARTBEAT = 150;
/** What the promise is measured with: moments are noted a little later than they were. Unit: ms. */
const ALLOWANCE = 25;
/**
 * Groups of keys, and the ms between two writes of a group. Some change all the time, some are still: nothing but the fault
 * itself makes what is held of them wrong, and right again.
 */
const SHARED: readonly (readonly [group: string, keys: number, gap: number])[] = [
  ['a', 20, 2],
  ['b', 20, 2],
  ['still', 12, 1_500],
];
/** Where clocks begin that need not begin at 0. */
const ORIGINS = [0, -1e9, 1e11, 12_345.678];
const PATIENCE = 20_000;
/** A recovery worth a word. Unit: ms. */
const LONG = 1_000;

mendClients();

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
  readonly #keys = new LiveKeys();
  readonly #report: SoakReport;
  readonly #clocks: readonly MovableClock[];
  readonly #readers: readonly Near[];
  readonly #loads: readonly ReaderLoad[];
  readonly #writer: Client;
  #row = rowOf({ name: 'none' });
  #struckAt = 0;
  readonly #suspects: Reply[] = [];
  #blocks = 0;
  #isReading = true;
  #isWriting = true;

  constructor(bed: SoakBed, options: SoakOptions) {
    this.#bed = bed;
    this.#options = options;
    this.#report = emptyReport(options.bed);
    this.#writer = bed.bare();
    this.#clocks = bed.readers.map((_, index) => new MovableClock(ORIGINS[index] ?? 0));
    this.#readers = bed.readers.map(({ client, options: own }, index) => {
      const near = wrap(client, {
        prefixes: ['k:'],
        maxStaleness: MAX_STALENESS,
        heartbeat: HEARTBEAT,
        clock: this.#clocks[index]?.now ?? performance.now.bind(performance),
        ...own,
      });
      near.near.on('error', () => {});
      return near;
    });
    for (const [group, count] of SHARED) this.#keys.add(group, count);
    this.#loads = this.#readers.map((near, index) => {
      this.#keys.add(`own:${index}`, 2);
      return new ReaderLoad(near, bed.readers[index]?.name ?? '', this.#load(index));
    });
  }

  async run(): Promise<SoakReport> {
    await Promise.all([this.#writer, ...this.#readers].map((client) => client.connect()));
    const watch = setInterval(() => this.#look(), 100);
    try {
      await this.#back();
      await this.#writeOnce();
      const writing = SHARED.map(([group, , gap], index) =>
        writeAlone(this.#writer, group, this.#load(100 + index), gap),
      );
      const loops = [...writing, ...this.#loads.flatMap((load, index) => load.loops(`own:${index}`))];
      await this.#strike();
      this.#isWriting = false;
      await this.#bed.healed();
      await this.#back();
      await Promise.race([Promise.all(writing), pause(PATIENCE)]);
      await this.#compare();
      this.#isReading = false;
      this.#report.hung = await this.#hung(loops);
      this.#convict();
      this.#count();
    } finally {
      clearInterval(watch);
      this.#isReading = false;
      this.#isWriting = false;
      await Promise.all([this.#writer, ...this.#readers].map((client) => discard(client).catch(() => {})));
    }
    return this.#report;
  }

  /** So that there is something that can be lost. */
  async #writeOnce(): Promise<void> {
    for (const key of this.#keys.all) {
      const sent = this.#history.sending(key, performance.now());
      await this.#writer.set(key, String(sent.version));
      this.#history.acknowledged(sent, performance.now());
    }
  }

  #load(stream: number): LoadOptions {
    const report = this.#report;
    return {
      history: this.#history,
      keys: this.#keys,
      random: seeded(fork(this.#options.seed, -1 - stream)),
      isReading: () => this.#isReading,
      isWriting: () => this.#isWriting,
      observer: {
        judged: (reply, { staleness, violation }) => {
          report.reads++;
          if (violation !== undefined) return this.#suspect(reply);
          report.worst = Math.max(report.worst, staleness);
          this.#row.worst = Math.max(this.#row.worst, staleness);
        },
        wrote: () => {
          report.writes++;
        },
        failed: () => {
          report.errors++;
        },
      },
    };
  }

  /** It breaks a promise, unless it turns out by the end of the fault that Redis lost a write. */
  #suspect(reply: Reply): void {
    if (this.#suspects.length === 0) {
      const ms = Math.round(performance.now() - this.#struckAt);
      void testimony(this.#bed.servers, reply.asked.key).then((text) => {
        this.#report.testimony = `${ms} ms after the fault began, ${text}`;
      });
    }
    if (this.#suspects.length < 1_000) this.#suspects.push(reply);
  }

  /** The fault is over, and what Redis lost by it is known. */
  #convict(): void {
    for (const { asked, by, version } of this.#suspects.splice(0)) {
      const { violation } = this.#history.judge(asked, version);
      if (violation !== undefined) this.#violated(`${violation} (${by})`);
    }
  }

  #violated(what: string): void {
    this.#report.violations.push(`${what} [${this.#row.name}, the ${this.#report.strokes}. fault]`);
  }

  // --- faults ----------------------------------------------------------------------------------------------

  async #strike(): Promise<void> {
    const { minutes, only = '', progress, seed } = this.#options;
    const end = performance.now() + minutes * 60_000;
    const all = [...this.#bed.faults, ...this.#ofProcess()];
    const faults = all.filter(
      ({ isSlow, name }) =>
        only.split(',').some((part) => name.includes(part)) && (minutes >= 2 || isSlow !== true),
    );
    const schedule = scheduleOf(faults, seed);
    while (performance.now() < end && this.#report.violations.length === 0) {
      const stroke = schedule.next().value;
      const { reads, worst, writes } = this.#report;
      progress(
        `${Math.round((end - performance.now()) / 1_000)} s left, ${reads} reads, ${writes} writes, ` +
          `worst staleness ${Math.round(worst)} ms: ${stroke.fault.name}`,
      );
      await this.#strikeBy(stroke);
      await pause(stroke.fault.isLoss === true ? MAX_STALENESS + 4 * ALLOWANCE : 100 + stroke.random() * 500);
      this.#convict();
    }
  }

  async #strikeBy({ fault, random }: Stroke<Fault>): Promise<void> {
    const { faults } = this.#report;
    this.#row = faults.get(fault.name) ?? rowOf(fault);
    faults.set(fault.name, this.#row);
    this.#row.count++;
    this.#report.strokes++;
    this.#struckAt = performance.now();
    await fault.strike(random, this.#history);
    this.#convict();
    const { result, starved } = await underControl(this.#bed.servers, () => this.#back());
    this.#row.recoveries.push(...result);
    if (fault.isCut === true) this.#report.cuts[starved ? 'starved' : 'counted'].push(...result);
    this.#convict();
  }

  #ofProcess(): Fault[] {
    return faultsOfProcess({
      history: this.#history,
      clocks: this.#clocks,
      heldKeys: () => this.#heldKeys(),
      peek: (keys) => {
        for (const load of this.#loads) for (const key of keys) load.peek(key);
      },
    });
  }

  /** Keys of one slot, written once and read by everybody. */
  async #heldKeys(): Promise<{ port: number; keys: string[] } | undefined> {
    const group = `blocked:${this.#blocks++}`;
    const keys = Array.from({ length: 5 }, (_, index) => `k:{${group}}:${index}`);
    try {
      for (const key of keys) {
        const sent = this.#history.sending(key, performance.now());
        await this.#writer.set(key, String(sent.version));
        this.#history.acknowledged(sent, performance.now());
      }
      await Promise.all(this.#readers.flatMap((near) => keys.map((key) => near.get(key))));
      return { port: await this.#bed.portOf(keys[0] ?? ''), keys };
    } catch {
      return undefined;
    }
  }

  /** Until every reader answers from memory again. @returns how long that took each of them, in ms */
  async #back(): Promise<number[]> {
    const times = await Promise.all(
      this.#readers.map((near) => recovery(near, this.#bed.everywhere, 60_000)),
    );
    for (const [index, time] of times.entries()) {
      const name = this.#bed.readers[index]?.name ?? '';
      if (!Number.isFinite(time)) this.#violated(`${name} serves no hits any more`);
      else if (time > LONG) this.#options.progress(`${name} was back after ${Math.round(time)} ms`);
    }
    return times;
  }

  /** Memory, and whether the caches keep to their bounds. */
  #look(): void {
    const { heapUsed, rss } = process.memoryUsage();
    this.#report.heapHighWater = Math.max(this.#report.heapHighWater, heapUsed);
    this.#report.rssHighWater = Math.max(this.#report.rssHighWater, rss);
    for (const { near } of this.#readers) {
      const { bytes, entries, maxBytes, maxEntries } = near.stats();
      this.#report.entriesHighWater = Math.max(this.#report.entriesHighWater, entries);
      if (entries > maxEntries || bytes > maxBytes)
        this.#violated(`(e) ${entries} entries of ${bytes} bytes are held`);
    }
  }

  // --- the end ---------------------------------------------------------------------------------------------

  /** Writes have stopped and the network has healed: what is read, and what is held, must be what Redis has. */
  async #compare(): Promise<void> {
    const keys = this.#keys.ever;
    await Promise.all(
      this.#readers.map(async (near) => {
        for (const key of keys) {
          this.#report.compared++;
          if (!(await this.#agrees(near, key))) this.#report.stuck++;
          if (near.near.peek(key) !== undefined) this.#report.held++;
        }
      }),
    );
  }

  async #agrees(near: Near, key: string): Promise<boolean> {
    const end = performance.now() + MAX_STALENESS + 2_000;
    while (performance.now() < end) {
      const [seen, actual] = await Promise.all([near.get(key), this.#writer.get(key)]).catch(() => [
        '',
        null,
      ]);
      const held = near.near.peek(key);
      if (seen === actual && (held === undefined || held === actual)) return true;
      await pause(5);
    }
    return false;
  }

  /** How many loops do not end, because somebody waits for a reply in vain. */
  async #hung(loops: readonly Promise<void>[]): Promise<number> {
    let ended = 0;
    const each = loops.map((loop) => loop.then(() => ended++));
    await Promise.race([Promise.all(each), pause(PATIENCE)]);
    return loops.length - ended;
  }

  #count(): void {
    let [hits, reads] = [0, 0];
    for (const { near } of this.#readers) {
      const stats = near.stats().prefixes['k:'];
      if (stats === undefined) continue;
      hits += stats.hits;
      reads += stats.hits + stats.misses + stats.coalesced + stats.bypassed;
    }
    this.#report.hitRatio = hits / Math.max(1, reads);
  }
}
