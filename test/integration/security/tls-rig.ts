// Servers behind TLS: real ones that demand a client certificate, and a front that writes down, for each connection, which
// server name it asked for and whose certificate it showed.

import { readFileSync } from 'node:fs';
import { type AddressInfo, connect } from 'node:net';
import { createServer, type Server, type TLSSocket } from 'node:tls';
import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';
import type { ReplicatedBed } from '../../support/beds/replicated-bed.js';
import type { Near } from '../../support/client.js';
import { freePort } from '../../support/free-port.js';
import type { RedisServer } from '../../support/redis-server.js';
import { until } from '../../support/until.js';

const pathOf = (name: string): string =>
  fileURLToPath(new URL(`../../support/tls/${name}.pem`, import.meta.url));
export const pem = (name: 'ca' | 'client' | 'client-key' | 'server' | 'server-key'): string =>
  readFileSync(pathOf(name), 'utf8');

/** Socket options of a client that trusts the servers here and shows its certificate. */
export const CLIENT_TLS = {
  tls: true,
  ca: pem('ca'),
  cert: pem('client'),
  key: pem('client-key'),
} as const;

/** The common name in the certificate of {@link CLIENT_TLS}. */
export const CLIENT_NAME = 'near-cache-test-client';

/** Arguments of a server, or of all servers of a bed, that will be told to {@link speakTls}. */
export const TLS_SERVER = [
  ...['--tls-auth-clients', 'yes', '--tls-ca-cert-file', pathOf('ca')],
  ...['--tls-cert-file', pathOf('server'), '--tls-key-file', pathOf('server-key')],
] as const;

/** Listens for TLS too, and demands a client certificate there. @returns at which port */
export async function speakTls(server: RedisServer): Promise<number> {
  const port = await freePort();
  // The second is what nodes of a cluster tell each other.
  for (const name of ['tls-port', 'cluster-announce-tls-port'])
    await server.command('CONFIG', 'SET', name, `${port}`);
  return port;
}

/** Leads to a TLS port where a bed names a plain one: `nodeAddressMap` of clusters and sentinels. */
export function mapped(ports: ReadonlyMap<RedisServer, number>) {
  return (address: string): { host: string; port: number } | undefined => {
    const named = Number(address.split(':').at(-1));
    for (const [server, port] of ports)
      if (named === server.port || named === port) return { host: 'localhost', port };
    return undefined;
  };
}

/** Has the primary tell another port of a replica: a replica says where it is reached when it attaches itself. */
export async function announce(bed: ReplicatedBed, replica: RedisServer, port: number): Promise<void> {
  await replica.command('CONFIG', 'SET', 'replica-announce-ip', 'localhost');
  await replica.command('CONFIG', 'SET', 'replica-announce-port', `${port}`);
  await replica.command('REPLICAOF', 'NO', 'ONE');
  await replica.command('REPLICAOF', '127.0.0.1', `${bed.link(replica).port}`);
  await until(
    async () =>
      String(await bed.primary.command('INFO', 'replication')).includes(`port=${port},state=online`),
    15_000,
    'the replica to be back',
  );
}

/** What a front saw of one connection. */
export interface Seen {
  /** `undefined`: it asked for none. */
  readonly servername: string | undefined;
  /** The common name in the client's certificate. */
  readonly client: unknown;
  /** The name of the connection, as the server has it. */
  readonly name: string | undefined;
}

/** Ends TLS before a server that speaks none. */
export class TlsFront {
  readonly port: number;
  readonly #target: number;
  readonly #server: Server;
  readonly #open = new Map<TLSSocket, number>();

  private constructor(server: Server, target: number) {
    this.#server = server;
    this.#target = target;
    this.port = (server.address() as AddressInfo).port;
    server.on('secureConnection', (socket) => this.#accept(socket));
  }

  static async start(target: number): Promise<TlsFront> {
    const server = createServer({
      cert: pem('server'),
      key: pem('server-key'),
      ca: pem('ca'),
      requestCert: true,
      rejectUnauthorized: true,
      // Without a context of its own: the same certificate for every name that is asked for.
      SNICallback: (_name, done) => done(null),
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return new TlsFront(server, target);
  }

  #accept(downstream: TLSSocket): void {
    const upstream = connect(this.#target, '127.0.0.1');
    upstream.once('connect', () => this.#open.set(downstream, upstream.localPort ?? 0));
    for (const socket of [downstream, upstream]) {
      socket.setNoDelay(true);
      socket.on('error', () => {});
      socket.on('close', () => {
        this.#open.delete(downstream);
        downstream.destroy();
        upstream.destroy();
      });
    }
    downstream.pipe(upstream);
    upstream.pipe(downstream);
  }

  /** The connections that are open now, by what the server calls them. */
  async seen(server: RedisServer): Promise<Seen[]> {
    const rows = String(await server.command('CLIENT', 'LIST')).split('\n');
    return Array.from(this.#open, ([socket, port]) => ({
      servername: typeof socket.servername === 'string' ? socket.servername : undefined,
      client: socket.getPeerCertificate().subject?.CN,
      name: rows
        .find((row) => row.includes(` addr=127.0.0.1:${port} `))
        ?.match(/ name=(\S*)/)
        ?.at(1),
    }));
  }

  async stop(): Promise<void> {
    for (const socket of this.#open.keys()) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

/** A read is held, and dropped when somebody else writes. */
export async function expectCaching(redis: Near, write: (key: string, value: string) => Promise<unknown>) {
  for (const key of ['k:1', 'k:2', 'k:3', 'k:4']) {
    await write(key, 'old');
    await until(
      async () => (await redis.get(key)) === 'old' && redis.near.peek(key) === 'old',
      10_000,
      `${key} to be held`,
    );
    await write(key, 'new');
    await until(() => redis.near.peek(key) !== 'old', 10_000, `${key} to be dropped`);
    await until(async () => (await redis.get(key)) === 'new');
  }
  expect(redis.near.state).toBe('serving');
}
