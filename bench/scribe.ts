// The writer's process, as those see it who are measured.

import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Order } from './writer.js';

export interface Written {
  /** On the clock of {@link microseconds}. */
  readonly sent: number;
  readonly answered: number;
  readonly written: number;
}

export class Scribe {
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess) {
    this.#child = child;
  }

  static async start(url: string): Promise<Scribe> {
    const child = fork(fileURLToPath(new URL('./writer.mjs', import.meta.url)), [url]);
    await once(child, 'message');
    return new Scribe(child);
  }

  async write(order: Order): Promise<Written> {
    const answer = once(this.#child, 'message');
    this.#child.send(order);
    const [written] = (await answer) as [Written];
    return written;
  }

  close(): void {
    this.#child.disconnect();
  }
}
