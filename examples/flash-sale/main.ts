// Opens the sale, plays the three acts, prints the summary, and leaves nothing running however it ends.

import { perform } from './acts.js';
import { HELP, readArguments, type Settings } from './arguments.js';
import { ClusterOfTheSale } from './cluster/cluster-of-the-sale.js';
import { playOnCluster } from './cluster/evening.js';
import { paint } from './format.js';
import { RedisOfTheSale } from './redis-of-the-sale.js';
import { Sale, type Stage } from './sale.js';
import { summaryText } from './summary.js';
import { writeSummary } from './summary-file.js';
import { judge } from './verdict.js';

/** Exit codes of a process that a signal ended. */
const SIGNALS = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 } as const;

class Interruption extends Error {
  readonly exitCode: number;

  constructor(message: string, exitCode: number) {
    super(message);
    this.exitCode = exitCode;
  }
}

/** @returns the exit code */
async function main(args: readonly string[]): Promise<number> {
  const settings = understood(args);
  if (settings === undefined) return 2;
  if (settings === 'help') {
    process.stdout.write(`${HELP}\n`);
    return 0;
  }
  const abort = new AbortController();
  const aborted = new Promise<never>((_, reject) => {
    abort.signal.addEventListener('abort', () => reject(abort.signal.reason));
  });
  aborted.catch(() => {});
  listenForTheEnd(abort);
  try {
    return await hold(settings, aborted, (error) => abort.abort(error));
  } catch (error) {
    process.stderr.write(`\n${error instanceof Error ? error.message : String(error)}\n`);
    return error instanceof Interruption ? error.exitCode : 1;
  }
}

async function hold(
  settings: Settings,
  aborted: Promise<never>,
  failed: (error: Error) => void,
): Promise<number> {
  if (settings.cluster) {
    // Takes seconds, and for ever if Ctrl-C reached the servers first. Those that run then end with this process.
    const cluster = await Promise.race([ClusterOfTheSale.open(), aborted]);
    return holdOn(cluster, playOnCluster, settings, aborted, failed);
  }
  return holdOn(await RedisOfTheSale.open(settings.url, failed), play, settings, aborted, failed);
}

async function holdOn<S extends Stage & { close(): Promise<void> }>(
  redis: S,
  evening: (sale: Sale<S>, settings: Settings) => Promise<number>,
  settings: Settings,
  aborted: Promise<never>,
  failed: (error: Error) => void,
): Promise<number> {
  try {
    const sale = new Sale(redis, settings, failed);
    try {
      return await Promise.race([evening(sale, settings), aborted]);
    } finally {
      sale.close();
    }
  } finally {
    await redis.close();
  }
}

async function play(sale: Sale<RedisOfTheSale>, settings: Settings): Promise<number> {
  const { workers, readers, seed, json } = settings;
  sale.view.say(
    `${paint(['bold', 'magenta'], 'FLASH SALE')}  ${sale.redis.version} at ${sale.redis.url}; ` +
      `${workers} application servers with ${readers} readers each; seed ${seed}`,
  );
  const performance = await perform(sale, settings.schedule);
  const verdict = judge(performance);
  sale.view.say(`\n${summaryText(performance, verdict)}`);
  if (json !== undefined) writeSummary(json, settings, sale.redis, performance, verdict);
  return verdict.failures.length === 0 ? 0 : 1;
}

function understood(args: readonly string[]): Settings | 'help' | undefined {
  try {
    return readArguments(args);
  } catch (error) {
    process.stderr.write(
      `${error instanceof Error ? error.message : String(error)}\nSee npm start -- --help\n`,
    );
    return undefined;
  }
}

function listenForTheEnd(abort: AbortController): void {
  for (const [signal, exitCode] of Object.entries(SIGNALS)) {
    process.on(signal, () => {
      // Whoever asks twice does not want to wait for the clean-up.
      if (abort.signal.aborted) process.exit(exitCode);
      abort.abort(new Interruption(`Interrupted by ${signal}.`, exitCode));
    });
  }
  // Nobody is reading any more, as in `npm start | head`.
  process.stdout.on('error', (error) => abort.abort(error));
  // A signal for npm ends npm and its shell, but never arrives here.
  const parent = process.ppid;
  const watch = (): void => {
    if (process.ppid !== parent) abort.abort(new Interruption('npm is gone.', SIGNALS.SIGHUP));
  };
  if (process.env.npm_lifecycle_event !== undefined) setInterval(watch, 250).unref();
}

process.exit(await main(process.argv.slice(2)));
