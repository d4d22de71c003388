// Everything that comes out of a near cache, put into words: events, errors, log lines, snapshots, metrics, messages on
// diagnostics channels, in every way that people print them. And secrets that would be noticed in there.

import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { inspect } from 'node:util';
import { MeterProvider, MetricReader } from '@opentelemetry/sdk-metrics';
import { Registry } from 'prom-client';
import type { Logger, NearCacheOptions } from 'redis-near-cache';
import { observeNearCache } from 'redis-near-cache/opentelemetry';
import { collectNearCache } from 'redis-near-cache/prometheus';
import type { Client, Near } from '../../support/client.js';
import { discard, wrap } from '../../support/majors.js';

/** A token of its own for each place: what leaks says from where. Longer than what servers repeat of an argument. */
export const SECRETS = {
  username: 'dätä:user/@1%2F',
  password: `p@ß:w/ö%41rd?#[${'Qz7'.repeat(70)}`,
  trackingUsername: 'träck+er@9%',
  trackingPassword: `tr@ck/;&=%zz"${'Xk4'.repeat(70)}`,
  passphrase: 'pass+phrase:of@the/key',
} as const;

/** A URL with credentials, as it has to be written. */
export function withUser(url: string, username: string, password: string): string {
  return url.replace('://', `://${encodeURIComponent(username)}:${encodeURIComponent(password)}@`);
}

/** The forms in which a secret might be found: whole, escaped, encoded, and cut at either end. */
function formsOf(secret: string): string[] {
  const whole = [secret, secret.slice(0, 12), secret.slice(-12)];
  const escaped = whole.flatMap((text) => [
    text,
    encodeURIComponent(text.toWellFormed()),
    JSON.stringify(text).slice(1, -1),
    inspect(text).slice(1, -1),
  ]);
  return [...new Set([...escaped, Buffer.from(secret).toString('base64').slice(0, 16)])];
}

/** What shows of these secrets in a text. */
export function shownIn(text: string, secrets: Readonly<Record<string, string>> = SECRETS): string[] {
  return Object.entries(secrets).flatMap(([name, secret]) => {
    const form = formsOf(secret).find((each) => text.includes(each));
    if (form === undefined) return [];
    const at = text.indexOf(form);
    return [`${name}: ...${text.slice(Math.max(0, at - 80), at + 40)}...`];
  });
}

/** In every way that it may be printed. */
function inWords(what: unknown): string {
  const all = { depth: 12, maxStringLength: null, maxArrayLength: null } as const;
  const ways: (() => string)[] = [
    () => String(what),
    () => inspect(what),
    () => inspect(what, { ...all, showHidden: true }),
    () => inspect(what, { ...all, showHidden: true, customInspect: false }),
    () => JSON.stringify(what),
    () => (what instanceof Error ? `${what.message}\n${what.stack}\n${inWords(what.cause)}` : ''),
  ];
  return ways.map((way) => way()).join('\n');
}

const EVENTS = ['state', 'invalidate', 'flush', 'replica', 'evict', 'warning', 'error'] as const;
const OWN_CHANNELS = EVENTS.map((name) => `redis-near-cache:${name}`);
const NODE_REDIS_CHANNELS = [
  'tracing:node-redis:command:start',
  'tracing:node-redis:command:asyncEnd',
  'tracing:node-redis:command:error',
  'tracing:node-redis:batch:start',
  'tracing:node-redis:connect:start',
  'tracing:node-redis:connect:error',
  'node-redis:error',
  'node-redis:connection:ready',
  'node-redis:connection:closed',
  'node-redis:command:reply',
];

export class Outpouring {
  readonly codes: string[] = [];
  readonly #texts: string[] = [];
  /** What node-redis publishes on channels of its own, for the data client and for tracking connections alike. */
  readonly #ofNodeRedis: string[] = [];
  readonly #wrapped: { redis: Near; raw: Client }[] = [];
  readonly #registry = new Registry();
  readonly #reader = new Reader();
  readonly #provider = new MeterProvider({ readers: [this.#reader] });

  constructor() {
    for (const name of [...OWN_CHANNELS, ...NODE_REDIS_CHANNELS]) subscribe(name, this.#published);
    process.on('warning', this.note);
  }

  readonly #published = (message: unknown, name: string | symbol): void => {
    const texts = OWN_CHANNELS.includes(String(name)) ? this.#texts : this.#ofNodeRedis;
    texts.push(`${String(name)} ${inWords(message)}`);
  };

  /** Something came out. */
  readonly note = (what: unknown): void => {
    if (typeof what === 'object' && what !== null && 'code' in what) this.codes.push(String(what.code));
    this.#texts.push(inWords(what));
  };

  readonly logger: Logger = {
    debug: (fields, message) => this.note([message, fields]),
    info: (fields, message) => this.note([message, fields]),
    warn: (fields, message) => this.note([message, fields]),
    error: (fields, message) => this.note([message, fields]),
  };

  /** A near cache of which nothing goes unheard. */
  wrap(raw: Client, options: Partial<NearCacheOptions> = {}): Near {
    const redis = wrap(raw, { prefixes: ['k:'], heartbeat: 20, logger: this.logger, ...options });
    for (const event of EVENTS) redis.near.on(event, (told: unknown) => this.note(told));
    const name = `${this.#wrapped.length}`;
    collectNearCache(redis.near, { register: this.#registry, name });
    observeNearCache(redis.near, { meterProvider: this.#provider, name });
    this.#wrapped.push({ redis, raw });
    return redis;
  }

  /** What comes of a call, if it fails. */
  async failing(call: () => unknown): Promise<void> {
    try {
      await call();
    } catch (error) {
      this.note(error);
    }
  }

  /** All that came out by now, with what can be asked for at any time. */
  async text(): Promise<string> {
    for (const { redis } of this.#wrapped) {
      this.note(redis);
      this.note(redis.near);
      this.note(redis.near.stats());
      this.note({ redis, near: redis.near, stats: redis.near.stats() });
    }
    this.note(await this.#registry.metrics());
    this.note(JSON.stringify(await this.#registry.getMetricsAsJSON()));
    this.note((await this.#reader.collect()).resourceMetrics);
    return this.#texts.join('\n');
  }

  get textOfNodeRedis(): string {
    return this.#ofNodeRedis.join('\n');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const name of [...OWN_CHANNELS, ...NODE_REDIS_CHANNELS]) unsubscribe(name, this.#published);
    process.off('warning', this.note);
    for (const { redis, raw } of this.#wrapped) {
      redis.near.close();
      await discard(raw).catch(() => {});
    }
    await this.#provider.shutdown();
  }
}

class Reader extends MetricReader {
  protected override async onForceFlush(): Promise<void> {}
  protected override async onShutdown(): Promise<void> {}
}
