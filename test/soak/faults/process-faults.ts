// Faults of the process itself: its event loop stands still while others write, its clock leaps, its memory is short.

import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { History } from '../history.js';
import { type Fault, lasting, some } from '../soak-bed.js';

/** A monotonic clock of any origin that can be moved. Unit: ms. */
export class MovableClock {
  #offset: number;

  constructor(origin: number) {
    this.#offset = origin;
  }

  readonly now = (): number => performance.now() + this.#offset;

  move(by: number): void {
    this.#offset += by;
  }
}

/** What faults of the process need to know of the soak. */
export interface Process {
  readonly history: History;
  readonly clocks: readonly MovableClock[];
  /** Keys that every reader holds, each written once, and where they can be written to; `undefined` if that failed. */
  heldKeys(): Promise<{ readonly port: number; readonly keys: readonly string[] } | undefined>;
  /** Looks at once at what every reader has in memory for these keys. */
  peek(keys: readonly string[]): void;
}

const WRITER = fileURLToPath(new URL('./write-for-a-while.mjs', import.meta.url));

/** From the clock of all processes of this machine to that of this one. Unit: ms. */
const SINCE = performance.now() - Number(process.hrtime.bigint()) / 1e6;

export function faultsOfProcess({ clocks, heldKeys, history, peek }: Process): Fault[] {
  return [
    {
      name: 'event loop blocked',
      strike: async (random) => {
        const held = await heldKeys();
        if (held === undefined) return;
        const ms = 100 + random() * 2_000;
        // In a turn of its own: what a turn has looked up before it blocks is another matter (rule C6).
        await new Promise<void>((resolve) => {
          setImmediate(() => {
            for (const { key, sentAt, ackedAt } of writeMeanwhile(held.port, ms, held.keys)) {
              const sent = history.sending(key, sentAt);
              if (ackedAt !== undefined) history.acknowledged(sent, ackedAt);
            }
            peek(held.keys);
            resolve();
          });
        });
      },
    },
    {
      name: 'clock leaps ahead',
      strike: async (random) => {
        some(clocks, random).move(10 ** (1 + random() * 8));
      },
    },
    {
      name: 'clock is set back',
      strike: async (random) => {
        some(clocks, random).move(-(10 ** (1 + random() * 8)));
      },
    },
    {
      name: 'memory pressure',
      strike: async (random) => {
        const end = performance.now() + 200 + random() * 600;
        const hoard: object[] = [];
        while (performance.now() < end) {
          // Objects that survive: what costs the collector its time.
          for (let index = 0; index < 50_000; index++)
            hoard.push({ index, text: `${index}:${hoard.length}` });
          if (hoard.length > 1_000_000) hoard.splice(0, 500_000);
          await lasting(random, 0, 2);
        }
      },
    },
  ];
}

interface Written {
  readonly key: string;
  readonly sentAt: number;
  readonly ackedAt: number | undefined;
}

/** What another process has written while nothing happened in this one. */
function writeMeanwhile(port: number, ms: number, keys: readonly string[]): Written[] {
  const { stdout } = spawnSync(process.execPath, [WRITER, `${port}`, `${ms}`, ...keys], { encoding: 'utf8' });
  const lines = stdout.split('\n').filter(Boolean);
  return lines.map((line) => {
    const [key = '', sentAt, ackedAt] = line.split(' ');
    const acked = ackedAt === undefined ? undefined : Number(ackedAt) + SINCE;
    return { key, sentAt: Number(sentAt) + SINCE, ackedAt: acked };
  });
}
