// Tells a server that will never track for us from one that is merely away, and makes the error for either.

import { NearCacheError } from '../errors.js';
import type { Endpoint } from './endpoint.js';

const DENIED = /^(NOPERM|WRONGPASS|NOAUTH|ERR AUTH|ERR invalid password|ERR Client sent AUTH)/i;
const UNSUPPORTED =
  /^(NOPROTO|ERR unknown (sub)?command|ERR (unknown|wrong number).*tracking|ERR syntax error)/i;

/** @returns the coded error for a refusal, `undefined` for anything that a later try may get past */
export function refusalOf(error: Error, { node, secrets }: Endpoint): NearCacheError | undefined {
  const { message } = error;
  const cause = secrets.hideIn(error);
  if (DENIED.test(message)) {
    return new NearCacheError(
      'ERR_NEAR_TRACKING_DENIED',
      `The server at ${node} refused the tracking connection (${firstWord(message)}). Give its user the right ` +
        'credentials and grant: ACL SETUSER <user> on ><password> resetkeys +client|tracking +ping (and +select for a database other ' +
        'than 0, +cluster|info +cluster|nodes for a cluster, +info where replicas are read from), or name another user in tracking.username and tracking.password.',
      { cause },
    );
  }
  if (UNSUPPORTED.test(message)) {
    return new NearCacheError(
      'ERR_NEAR_TRACKING_UNSUPPORTED',
      `The server at ${node} does not offer RESP3 with CLIENT TRACKING. Use Redis 6 or later, or Valkey, without a ` +
        "proxy that filters HELLO or CLIENT; or set fallback: 'ttl' for a short-lived cache without invalidation.",
      { cause },
    );
  }
  return undefined;
}

/** The coded error for a connection that is gone, for good if `isFinal`. */
export function lossOf(cause: Error, node: string, isFinal: boolean): NearCacheError {
  const message = isFinal
    ? `The tracking connection to ${node} is gone and tracking.reconnectStrategy gave up: reads go to Redis until the client connects anew.`
    : `The tracking connection to ${node} is gone: reads go to Redis until it is back.`;
  return new NearCacheError('ERR_NEAR_TRACKING_LOST', message, { cause });
}

function firstWord(message: string): string {
  return message.split(' ', 1)[0] ?? '';
}

/** Whatever was thrown, as an error. */
export function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}
