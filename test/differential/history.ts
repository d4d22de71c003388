// What happened in one run of a sequence, on this process' clock: reads with their replies, writes with the times
// between which the server executed them.

import type { Command } from './commands.js';
import type { ReadWay } from './steps.js';

/** A read by the wrapped client; every element of an `mGet` counts as one of its own. */
export interface ReadEvent {
  readonly way: ReadWay;
  readonly command: Command;
  /** Place in the order of all that this process saw. */
  readonly started: number;
  answered: number;
  /** Unit: ms. */
  readonly startedAt: number;
  /** What came of it: a reply, or the message of an error. */
  reply: unknown;
}

export type Writer = 'wrapped' | 'neighbour' | 'process';

export interface WriteEvent {
  readonly by: Writer;
  readonly command: Command;
  readonly started: number;
  /** `Infinity` until it was answered. */
  answered: number;
  answeredAt: number;
}

/** Everything before the marker was announced when this process knew it. */
export interface SettleEvent {
  readonly known: number;
  readonly marker: string;
}

export class History {
  readonly reads: ReadEvent[] = [];
  readonly writes: WriteEvent[] = [];
  readonly settles: SettleEvent[] = [];
  #now = 0;

  /** The next place in the order of events. */
  tick(): number {
    return ++this.#now;
  }

  read(way: ReadWay, command: Command): (reply: unknown) => void {
    const started = this.tick();
    const startedAt = performance.now();
    return (reply) => {
      const answered = this.tick();
      for (const { part, answer } of parts(way, command, reply)) {
        this.reads.push({ way, command: part, started, answered, startedAt, reply: answer });
      }
    };
  }

  write(by: Writer, commands: readonly Command[]): () => void {
    const started = this.tick();
    const events = commands.map((command): WriteEvent => {
      return {
        by,
        command,
        started,
        answered: Number.POSITIVE_INFINITY,
        answeredAt: Number.POSITIVE_INFINITY,
      };
    });
    this.writes.push(...events);
    return () => {
      const answered = this.tick();
      for (const event of events) {
        event.answered = answered;
        event.answeredAt = performance.now();
      }
    };
  }

  settled(marker: string): void {
    this.settles.push({ known: this.tick(), marker });
  }
}

/** An `mGet` is no snapshot: each of its values may be of a moment of its own. */
function parts(way: ReadWay, command: Command, reply: unknown): { part: Command; answer: unknown }[] {
  if (command.method !== 'mGet' || (way !== 'typed' && way !== 'bytes') || !Array.isArray(reply)) {
    return [{ part: command, answer: reply }];
  }
  return reply.map((value, index) => {
    const name = String(command.wire[index + 1]);
    const part = { method: 'mGet', args: [[name]], wire: ['MGET', name], keys: [name] };
    return { part, answer: [value] };
  });
}
