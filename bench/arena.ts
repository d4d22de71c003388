// Runs a suite: starts a process and a server for each contestant, and lets them do their rounds in turn.

import { type ChildProcess, execFileSync, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { RedisServer } from '../test/support/redis-server.js';
import type { Figures, Suite } from './suite.js';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const FOLDER = `${ROOT}.bench/`;

/** By contestant: what each round gave. */
export type Rounds = Readonly<Record<string, readonly Figures[]>>;

/** Contestants use the package as it is published. */
export function buildPackage(): void {
  execFileSync(`${ROOT}node_modules/.bin/tsup`, ['--silent'], {
    cwd: ROOT,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
}

/** As plain JavaScript: what runs TypeScript as it stands adds to every function. The package is used as it is published. */
export async function compile(): Promise<void> {
  mkdirSync(FOLDER, { recursive: true });
  await build({
    entryPoints: [`${ROOT}bench/worker.ts`, `${ROOT}bench/writer.ts`],
    outdir: FOLDER,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    packages: 'external',
    // Without its paths, which lead to the sources.
    tsconfigRaw: {},
    platform: 'node',
    target: 'node20',
    format: 'esm',
  });
}

export interface Wishes {
  /** How many rounds; the suite knows best. */
  readonly rounds?: number | undefined;
  /** Whose names contain one of these; all if there is none. */
  readonly contestants?: readonly string[] | undefined;
  /** Called after every round. */
  readonly progress?: (done: number, of: number) => void;
}

export async function run(name: string, suite: Suite, wishes: Wishes = {}): Promise<Rounds> {
  const { contestants, progress } = wishes;
  const rounds = wishes.rounds ?? suite.rounds;
  const chosen = Object.keys(suite.contestants).filter(
    (each) => each === suite.base || (contestants?.some((wish) => each.includes(wish)) ?? true),
  );
  const figures: Record<string, Figures[]> = Object.fromEntries(chosen.map((each) => [each, []]));
  const runners = new Map<string, Runner>();
  try {
    for (let round = 0; round < rounds; round++) {
      for (const [index, contestant] of chosen.entries()) {
        const runner = runners.get(contestant) ?? (await Runner.start(name, contestant));
        runners.set(contestant, runner);
        // The first round is for the compiler.
        if (round === 0 && suite.fresh !== true) await runner.round();
        figures[contestant]?.push(await runner.round());
        if (suite.fresh === true) {
          runners.delete(contestant);
          await runner.stop();
        }
        progress?.(round * chosen.length + index + 1, rounds * chosen.length);
      }
    }
  } finally {
    await Promise.all(Array.from(runners.values(), (runner) => runner.stop()));
  }
  return figures;
}

/** No round takes longer. Unit: ms. */
const PATIENCE = 120_000;

class Runner {
  readonly #server: RedisServer;
  readonly #child: ChildProcess;
  readonly #what: string;

  private constructor(server: RedisServer, child: ChildProcess, what: string) {
    this.#server = server;
    this.#child = child;
    this.#what = what;
  }

  static async start(suite: string, contestant: string): Promise<Runner> {
    const server = await RedisServer.start();
    const task = JSON.stringify({ suite, contestant, url: server.url, port: server.port });
    const child = fork(`${FOLDER}worker.mjs`, [task], { execArgv: ['--expose-gc'] });
    const runner = new Runner(server, child, `${contestant} of ${suite}`);
    await runner.#answer();
    return runner;
  }

  async round(): Promise<Figures> {
    this.#child.send('round');
    return (await this.#answer()) as Figures;
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode === null) {
      const exit = once(this.#child, 'exit');
      this.#child.send('close');
      const lost = setTimeout(() => this.#child.kill('SIGKILL'), 5_000);
      await exit;
      clearTimeout(lost);
    }
    await this.#server.stop();
  }

  #answer(): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const late = setTimeout(() => reject(new Error(`${this.#what} does not answer.`)), PATIENCE);
      const exited = (code: number | null): void => reject(new Error(`${this.#what} ended with ${code}.`));
      this.#child.once('exit', exited);
      this.#child.once('message', (message) => {
        this.#child.off('exit', exited);
        clearTimeout(late);
        resolve(message);
      });
    });
  }
}
