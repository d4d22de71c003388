// Derives where and as whom the tracking connection connects: from the data client's options, overridden by
// the option `tracking`. Knows the shape of node-redis' options, never a live client.

import { RedisClient } from '@redis/client';
import { TIMER_MAX } from '../option-checks.js';
import type { TrackingOptions } from '../options.js';
import { Secrets } from '../redaction.js';
import { type CredentialsProvider, complete } from './credentials-provider.js';

/**
 * The part of a node-redis client's options that says where it connects. All majors share this shape, and merge a `url`
 * into it when they are made: what it leaves out, such as a port or `tls`, then comes from `socket`.
 */
export interface DataClientOptions {
  readonly socket?: Readonly<Record<string, unknown>> | undefined;
  readonly username?: string | undefined;
  readonly password?: string | undefined;
  readonly credentialsProvider?: CredentialsProvider | undefined;
  readonly name?: string | undefined;
  readonly database?: number | undefined;
  readonly disableClientInfo?: boolean | undefined;
}

export interface Endpoint {
  /** `host:port` or the path of a unix socket. */
  readonly node: string;
  readonly socket: Readonly<Record<string, unknown>>;
  readonly username: string | undefined;
  readonly password: string | undefined;
  /** Goes before the two above, as in node-redis. */
  readonly credentialsProvider: CredentialsProvider | undefined;
  /** What nobody is to be shown. */
  readonly secrets: Secrets;
  readonly database: number | undefined;
  readonly name: string;
  readonly disableClientInfo: boolean;
  /** Bound of TCP, TLS and RESP handshake together. Unit: ms. */
  readonly connectTimeout: number;
}

const DEFAULT_CONNECT_TIMEOUT = 5_000;

export function endpointOf(data: DataClientOptions, overrides: TrackingOptions): Endpoint {
  const target = overrides.url === undefined ? data : fromUrl(overrides.url, data);
  const socket = normalise({ ...target.socket, ...overrides.socket });
  // A user or server of its own needs no SELECT, and may lack the right to it: pushes carry no database.
  const elsewhere = ['host', 'port', 'path'].some((name) => overrides.socket?.[name] !== undefined);
  const separate = elsewhere || overrides.url !== undefined || overrides.username !== undefined;
  const username = overrides.username ?? target.username;
  const password = overrides.password ?? target.password;
  return {
    node: nodeName(socket),
    socket,
    username,
    password: complete(username, password).password,
    // node-redis makes one of what is written down, too.
    credentialsProvider: isNamed(overrides) ? undefined : target.credentialsProvider,
    secrets: new Secrets([username, password, socket.passphrase, userIn(socket.host)]),
    database: separate ? undefined : target.database,
    name: overrides.name ?? `${data.name ?? 'near-cache'}:tracking`,
    disableClientInfo: data.disableClientInfo ?? false,
    connectTimeout: connectTimeout(socket.connectTimeout),
  };
}

/** Whether credentials are written down. */
function isNamed({
  username,
  password,
}: {
  username?: string | undefined;
  password?: string | undefined;
}): boolean {
  return username !== undefined || password !== undefined;
}

/** What a URL says wins; TLS material and credentials that it leaves out stay as they are. */
function fromUrl(url: string, base: DataClientOptions): DataClientOptions {
  const { host: _host, port: _port, path: _path, tls: _tls, ...rest } = base.socket ?? {};
  const parsed = RedisClient.parseURL(url);
  const named = parsed.username !== undefined || parsed.password !== undefined;
  return {
    socket: { ...rest, ...parsed.socket },
    username: named ? parsed.username : base.username,
    password: named ? parsed.password : base.password,
    credentialsProvider: named ? undefined : base.credentialsProvider,
  };
}

/** node-redis 1.x and 6.x differ in `keepAlive`; the delays between attempts are the tracker's business. */
function normalise(socket: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const { reconnectStrategy: _theirs, keepAlive, host, ...rest } = socket;
  const normal: Record<string, unknown> = { ...rest };
  if (typeof host === 'string') normal.host = host.replace(/^\[(.*)\]$/, '$1');
  if (typeof keepAlive === 'boolean') normal.keepAlive = keepAlive;
  if (typeof keepAlive === 'number') {
    normal.keepAlive = true;
    normal.keepAliveInitialDelay = keepAlive;
  }
  if (typeof rest.connectTimeout === 'number')
    normal.connectTimeout = Math.min(rest.connectTimeout, TIMER_MAX);
  if (normal.path === undefined) delete normal.path;
  else delete normal.host;
  return normal;
}

/** Zero is no limit in node-redis. A handshake without any would hang for ever behind a half-open connection. */
function connectTimeout(given: unknown): number {
  return typeof given === 'number' && given > 0 ? Math.min(given, TIMER_MAX) : DEFAULT_CONNECT_TIMEOUT;
}

/** How a node is called in `stats()`, and a replica among the others: by where its client connects. */
export function nodeName(socket: Readonly<Record<string, unknown>>): string {
  if (typeof socket.path === 'string') return socket.path;
  const user = userIn(socket.host);
  const host = user === undefined ? socket.host : String(socket.host).slice(user.length + 1);
  return `${host ?? 'localhost'}:${socket.port ?? 6379}`;
}

/** A URL in the place of a host leads nowhere, but gets into names and errors on the way. */
function userIn(host: unknown): string | undefined {
  return typeof host === 'string' ? /^(.*)@/s.exec(host)?.[1] : undefined;
}
