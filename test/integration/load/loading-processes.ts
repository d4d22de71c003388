// Starts and asks loading processes. They run one bundle, made once: fifty that compile TypeScript would be a test of that.

import { type ChildProcess, fork } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { endWithThisProcess, scratchFolder } from '../../support/reaper.js';
import type { Answer, Brief, Order } from './scripts/loading-process.js';

const SCRIPT = fileURLToPath(new URL('./scripts/loading-process.ts', import.meta.url));
const SOURCES = fileURLToPath(new URL('../../../src/index.ts', import.meta.url));

let bundle: Promise<string> | undefined;

async function makeBundle(): Promise<string> {
  const outfile = join(scratchFolder('loading-process'), 'loading-process.mjs');
  await build({
    entryPoints: [SCRIPT],
    alias: { 'redis-near-cache': SOURCES },
    bundle: true,
    platform: 'node',
    format: 'esm',
    outfile,
    // What is CommonJS inside needs it.
    banner: {
      js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);",
    },
  });
  return outfile;
}

export class LoadingProcess {
  readonly #child: ChildProcess;
  readonly #waiting = new Map<number, (answer: Answer) => void>();
  #number = 0;

  private constructor(child: ChildProcess) {
    this.#child = child;
    child.on('message', (answer: Answer) => {
      this.#waiting.get(answer.number)?.(answer);
      this.#waiting.delete(answer.number);
    });
  }

  /** Resolves when its near cache serves. */
  static async start(brief: Brief): Promise<LoadingProcess> {
    bundle ??= makeBundle();
    const child = fork(await bundle, [JSON.stringify(brief)], { execArgv: [] });
    endWithThisProcess(child);
    await new Promise<void>((resolve, reject) => {
      child.once('message', () => resolve());
      child.once('exit', (code) => reject(new Error(`A loading process ended with ${code}.`)));
    });
    return new LoadingProcess(child);
  }

  ask(call: Order['call'], args: readonly string[] = [], times = 1): Promise<Answer> {
    const number = ++this.#number;
    return new Promise((resolve) => {
      this.#waiting.set(number, resolve);
      this.#child.send({ number, call, args, times } satisfies Order);
    });
  }

  async one(call: Order['call'], ...args: string[]): Promise<unknown> {
    const { results } = await this.ask(call, args);
    return results[0];
  }

  freeze(): void {
    this.#child.kill('SIGSTOP');
  }

  thaw(): void {
    this.#child.kill('SIGCONT');
  }

  async kill(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const gone = new Promise((resolve) => this.#child.once('exit', resolve));
    this.#child.kill('SIGKILL');
    await gone;
  }
}
