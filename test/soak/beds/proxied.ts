// A client of one server whose data and tracking connections pass through proxies of their own.

import type { NearCacheOptions } from 'redis-near-cache';
import { type KindName, kindOf } from '../../support/majors.js';
import { TcpProxy } from '../../support/tcp-proxy.js';
import { faultsOfNetwork } from '../faults/network-faults.js';
import { type Fault, pause, type ReaderOf } from '../soak-bed.js';

export interface Proxied extends ReaderOf {
  readonly data: TcpProxy;
  readonly tracking: TcpProxy;
}

export async function proxied(
  kind: KindName,
  port: number,
  options: Partial<NearCacheOptions> = {},
  client: Readonly<Record<string, unknown>> = {},
): Promise<Proxied> {
  const data = await TcpProxy.start(port);
  const tracking = await TcpProxy.start(port);
  return {
    name: `${kind}, ${options.routing?.reads ?? 'primary'}`,
    data,
    tracking,
    client: kindOf(kind).create(data.url, client),
    options: {
      ...options,
      tracking: { socket: { host: '127.0.0.1', port: tracking.port }, ...options.tracking },
    },
  };
}

/** Faults that are another matter where they concern both connections of a reader. */
const TOGETHER = /cut|half-open$|jitter|held back|nobody listens/;

export function networkOf(readers: readonly Proxied[]): Fault[] {
  return [
    ...faultsOfNetwork(
      'tracking',
      readers.map(({ tracking }) => tracking),
    ),
    ...faultsOfNetwork(
      'data',
      readers.map(({ data }) => data),
    ),
    ...faultsOfNetwork(
      'data and tracking',
      readers.flatMap(({ data, tracking }) => [data, tracking]),
    ).filter(({ name }) => TOGETHER.test(name)),
    {
      // Sent through the client that the near cache is around: it is not known there.
      name: 'RESET of data connections',
      strike: async (random) => {
        const sessions = readers.filter(({ name }) => !name.includes('pool'));
        await Promise.all(sessions.map(({ client }) => client.sendCommand(['RESET']).catch(() => {})));
        await pause(50 + random() * 200);
        // Over RESP3 the client takes what comes for what it is not: it has to connect anew.
        for (const { data } of readers) data.cut();
      },
    },
  ];
}

/** A `nodeAddressMap` that leads to each server through its proxy. */
export function addressesBehind(
  servers: readonly { readonly port: number }[],
  proxies: readonly TcpProxy[],
): (address: string) => { host: string; port: number } | undefined {
  return (address) => {
    const index = servers.findIndex(({ port }) => address.endsWith(`:${port}`));
    const port = proxies[index]?.port;
    return port === undefined ? undefined : { host: '127.0.0.1', port };
  };
}

export function heal(readers: readonly Proxied[]): void {
  for (const { data, tracking } of readers) for (const proxy of [data, tracking]) proxy.heal();
}

export async function stop(readers: readonly Proxied[]): Promise<void> {
  await Promise.all(readers.flatMap(({ data, tracking }) => [data.stop(), tracking.stop()]));
}
