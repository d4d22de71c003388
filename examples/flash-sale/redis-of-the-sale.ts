// The Redis that the sale runs on, its own or one given by URL: counts the reads that reach it, and does the harm of
// act three.

import { setTimeout as delay } from 'node:timers/promises';
import { createClient } from 'redis-client-v4';
import { RedisServer } from '../../test/support/redis-server.js';
import { HOT_KEY, ITEM_KEYS } from './catalogue.js';
import { monotonic } from './clock.js';
import { HotGets } from './hot-gets.js';
import type { RedisAddress } from './messages.js';
import type { Stage } from './sale.js';
import { LEASE, type Redis } from './shop.js';

/** Reads as the server counts them (`INFO commandstats`), since it was started. */
export interface ServerCounts {
  /** `monotonic()`, ms. */
  readonly at: number;
  /** GETs: only the hot key is read by GET. */
  readonly hotGets: number;
  /** Everything that reads cause: GET, HGETALL, and the PTTL that travels with a miss. */
  readonly readCommands: number;
}

export class RedisOfTheSale implements Stage {
  readonly url: string;
  /** The process, if the sale started it. */
  readonly pid: number | undefined;
  /** Product and version. */
  readonly version: string;
  readonly lease = LEASE;
  readonly gauges = new HotGets(() => this.counts());
  readonly #control: Redis;
  readonly #own: RedisServer | undefined;

  private constructor(url: string, control: Redis, version: string, own: RedisServer | undefined) {
    this.url = url;
    this.#control = control;
    this.version = version;
    this.#own = own;
    this.pid = own?.pid;
  }

  /** @param lost the control connection broke, which nothing in the sale does */
  static async open(url: string | undefined, lost: (error: Error) => void): Promise<RedisOfTheSale> {
    const own = url === undefined ? await RedisServer.start() : undefined;
    const address = url ?? own?.url ?? '';
    const control = createClient({
      url: address,
      name: 'flash-sale:control',
      socket: { reconnectStrategy: false },
    });
    await control.connect();
    control.on('error', (error: Error) => lost(new Error(`Redis is gone: ${error.message}`)));
    return new RedisOfTheSale(address, control, versionOf(await control.info('server')), own);
  }

  get address(): RedisAddress {
    return { url: this.url };
  }

  /** How {@link freeze} is done. */
  get freezing(): string {
    return this.#own === undefined ? 'CLIENT PAUSE' : 'SIGSTOP';
  }

  async counts(): Promise<ServerCounts> {
    const stats = await this.#control.info('commandstats');
    const calls = (command: string): number =>
      Number(new RegExp(`^cmdstat_${command}:calls=(\\d+)`, 'm').exec(stats)?.[1] ?? 0);
    const hotGets = calls('get');
    return { at: monotonic(), hotGets, readCommands: hotGets + calls('hgetall') + calls('pttl') };
  }

  /** Kills the tracking connections of the clients with these names. @returns how many */
  async killTracking(clientNames: readonly string[]): Promise<number> {
    const names = clientNames.map((name) => `${name}:tracking`);
    const tracking = (await this.#control.clientList()).filter(
      ({ name, flags }) => names.includes(name) && flags.includes('B'),
    );
    for (const { id } of tracking) await this.#control.sendCommand(['CLIENT', 'KILL', 'ID', `${id}`]);
    return tracking.length;
  }

  /** The server answers nobody for so long, while every connection stays open. Unit: ms. */
  async freeze(duration: number): Promise<void> {
    if (this.#own === undefined) {
      await this.#control.sendCommand(['CLIENT', 'PAUSE', `${duration}`, 'ALL']);
      await delay(duration);
      return;
    }
    this.#own.freeze();
    await delay(duration);
    this.#own.thaw();
  }

  /** Leaves nothing behind: neither a process nor, on a server that was given, keys. */
  async close(): Promise<void> {
    this.#control.removeAllListeners('error').on('error', () => {});
    if (this.#own !== undefined) return this.#own.stop();
    await Promise.race([this.#control.del([HOT_KEY, ...ITEM_KEYS]), delay(3_000)]);
    await this.#control.disconnect();
  }
}

/** Product and version, from INFO. */
export function versionOf(info: string): string {
  const field = (name: string): string | undefined => new RegExp(`^${name}:(.*?)\\s*$`, 'm').exec(info)?.[1];
  const valkey = field('valkey_version');
  return valkey === undefined ? `Redis ${field('redis_version') ?? 'unknown'}` : `Valkey ${valkey}`;
}
