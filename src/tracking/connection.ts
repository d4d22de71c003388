// One life of a tracking connection, carried by @redis/client 6: sockets, TLS, HELLO 3 and decoding are its job.
// Opens once, listens, and ends once; whoever owns it decides when to open the next.

import { BasicClientSideCache, RedisClient } from '@redis/client';
import { hideCredentialsOf } from '../redaction.js';
import { ofOneConnection } from './credentials-provider.js';
import type { Endpoint } from './endpoint.js';
import { fieldsCanExpire } from './field-expiry.js';
import { expectOk, expectResp3 } from './handshake.js';
import { asError } from './refusal.js';

/** A live tracking connection. */
export interface TrackingConnection {
  /** Whether single fields of a hash can expire at this server: Redis 7.4, Valkey 9 and whatever we do not know. */
  readonly fieldsExpire: boolean;
  /**
   * PING after some questions, in one write. @returns what the server answered to each, literally, errors too, and whether
   * it answered PING with a literal PONG
   */
  beat(questions: readonly (readonly string[])[]): Promise<{ answers: unknown[]; isPong: boolean }>;
  /** Sends forms of CLIENT TRACKING in one write; resolves when all were done, rejects with the first error. */
  track(commands: readonly (readonly string[])[]): Promise<void>;
  destroy(): void;
}

export interface ConnectionEvents {
  /** A push: called while it is being decoded, before any later reply of the same chunk. */
  readonly onInvalidate: (key: unknown) => void;
  /** The connection is over; called once, also when opening fails. */
  readonly onEnd: (cause: Error) => void;
}

/** The commands that put `coverage` on a fresh connection, or add it to a tracking one. */
export function trackingCommand(coverage: readonly string[], noLoop: boolean): string[] {
  if (coverage.length === 0) return ['CLIENT', 'TRACKING', 'OFF'];
  const command = ['CLIENT', 'TRACKING', 'ON', 'BCAST'];
  if (noLoop) command.push('NOLOOP');
  for (const prefix of coverage) command.push('PREFIX', prefix);
  return command;
}

/**
 * Hands pushes through. The base class is @redis/client's documented seam for them. Its handshake sends what
 * `trackingOn()` returns, after HELLO, and takes any reply to that but an error: what turns tracking on is sent
 * afterwards, where the reply can be looked at. The base class' own cache stays empty.
 */
class PushListener extends BasicClientSideCache {
  readonly #onInvalidate: (key: unknown) => void;

  constructor(onInvalidate: (key: unknown) => void) {
    super();
    this.#onInvalidate = onInvalidate;
  }

  override trackingOn(): string[] {
    return trackingCommand([], false);
  }

  override invalidate(key: unknown): void {
    this.#onInvalidate(key);
  }
}

/** A connection that is being opened. */
export interface Opening {
  /** Resolves once tracking is on. Rejects, after `onEnd`, when the connection or the server refuses. */
  readonly opened: Promise<TrackingConnection>;
  destroy(): void;
}

/**
 * `createClient()` builds a class of some hundred methods whenever the options are others than the last time: several
 * milliseconds of a blocked event loop for each connection, those of the user's next clients included.
 */
const classOfClients = () => RedisClient.factory({ RESP: 3 });
let made: ReturnType<typeof classOfClients> | undefined;

export function openConnection(endpoint: Endpoint, command: string[], events: ConnectionEvents): Opening {
  let over = false;
  made ??= classOfClients();
  const client = made({
    socket: { ...endpoint.socket, reconnectStrategy: false },
    clientSideCache: new PushListener((key) => {
      if (!over) events.onInvalidate(key);
    }),
    // No reply of a lost connection may be waited for on the next one.
    disableOfflineQueue: true,
    maintNotifications: 'disabled',
    name: endpoint.name,
    disableClientInfo: endpoint.disableClientInfo,
    ...(endpoint.username === undefined ? {} : { username: endpoint.username }),
    ...(endpoint.password === undefined ? {} : { password: endpoint.password }),
    ...(endpoint.credentialsProvider === undefined
      ? {}
      : { credentialsProvider: ofOneConnection(endpoint.credentialsProvider, endpoint.secrets, () => over) }),
    ...(endpoint.database === undefined ? {} : { database: endpoint.database }),
  });
  const end = (cause: Error): void => {
    if (over) return;
    over = true;
    clearTimeout(deadline);
    client.destroy();
    events.onEnd(cause);
  };
  // @redis/client bounds the TCP connect only: a server that accepts and stays silent is our case.
  const deadline = setTimeout(() => {
    end(new Error(`No answer to HELLO and CLIENT TRACKING within ${endpoint.connectTimeout} ms.`));
  }, endpoint.connectTimeout);
  deadline.unref();
  // Before @redis/client publishes it on diagnostics channels of its own, which is before `error`.
  client.on('terminated', hideCredentialsOf);
  client.on('error', end);
  client.on('end', () => end(new Error('The tracking connection was closed.')));
  client.unref();
  const destroy = (): void => end(new Error('The tracking connection was closed.'));
  return { opened: open(), destroy };

  async function open(): Promise<TrackingConnection> {
    try {
      await client.connect();
      // @redis/client finishes an attempt that was given up while TCP was connecting.
      if (over) {
        client.destroy();
        throw new Error('The tracking connection was closed.');
      }
      // HELLO without more changes nothing and needs no permission; its answer tells the version.
      const [hello] = await Promise.all([client.sendCommand(['HELLO', '3']), track([command])]);
      expectResp3(hello);
      clearTimeout(deadline);
      return { fieldsExpire: fieldsCanExpire(hello), beat, track, destroy };
    } catch (error) {
      end(asError(error));
      throw error;
    }
  }

  async function beat(questions: readonly (readonly string[])[]) {
    const asked = questions.map((args) => client.sendCommand([...args]).catch((error: unknown) => error));
    const [pong, ...answers]: unknown[] = await Promise.all([client.sendCommand(['PING']), ...asked]);
    return { answers, isPong: pong === 'PONG' };
  }

  async function track(commands: readonly (readonly string[])[]): Promise<void> {
    const replies = await Promise.all(commands.map((args) => client.sendCommand([...args])));
    for (const reply of replies) expectOk(reply);
  }
}
