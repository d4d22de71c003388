// Says what happens in a near cache: to its listeners, on the diagnostics channels, and to the logger.

import type { EventEmitter } from 'eventemitter3';
import { NearCacheError } from '../errors.js';
import { publish } from '../metrics/diagnostics.js';
import type { Logger } from '../options.js';
import { guarded } from './guarded.js';
import type { NearCacheEvents } from './near-events.js';

export class Announcer {
  readonly #near: EventEmitter<NearCacheEvents>;
  readonly #logger: Logger | undefined;
  readonly #said = new Set<string>();

  constructor(near: EventEmitter<NearCacheEvents>, logger: Logger | undefined) {
    this.#near = near;
    this.#logger = logger;
  }

  /** A fault inside the cache: reported once, while reads go on. */
  fault(message: string, cause: unknown): void {
    if (this.#said.has(message)) return;
    this.#said.add(message);
    this.report(new NearCacheError('ERR_NEAR_FAULT', message, { cause }));
  }

  /** Once per code: a warning that would repeat with every read says nothing new. */
  warn(code: string, message: string): void {
    if (this.#said.has(code)) return;
    this.#said.add(code);
    this.log('warn', { code }, message);
    this.tell('warning', { code, message });
  }

  /** The data connection went where connections to replicas do not follow. */
  strayed(): void {
    this.warn('strayed', STRAYED);
  }

  report(error: NearCacheError): void {
    this.log('error', { err: error, code: error.code }, error.message);
    this.tell('error', error);
  }

  /** What a listener throws is its owner's business, not the cache's: it surfaces as an uncaught exception. */
  tell<E extends keyof NearCacheEvents>(event: E, ...args: EventEmitter.EventArgs<NearCacheEvents, E>): void {
    if (this.#near.listenerCount(event) > 0) guarded(() => this.#near.emit(event, ...args));
    publish(event, this.#near, args[0]);
  }

  log(level: 'debug' | 'info' | 'warn' | 'error', fields: object, message: string): void {
    const logger = this.#logger;
    if (logger !== undefined) guarded(() => logger[level](fields, message));
  }
}

const STRAYED =
  'SELECT, AUTH, HELLO or RESET was sent: connections to replicas do not follow, so all reads go to the primary from now on.';
