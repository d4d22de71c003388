// Faults of a single server and of the network in front of it, for every bed that has such.

import type { RedisServer } from '../support/redis-server.js';
import type { TcpProxy } from '../support/tcp-proxy.js';
import { type Fault, lasting } from './soak-bed.js';

/** Whichever server is meant when the fault strikes. */
type Which = (random: () => number) => RedisServer | Promise<RedisServer>;

/** Faults of a server that keep its data. */
export function faultsOf(which: Which, maxFreeze: number): Fault[] {
  const send = (name: string, ...command: string[]): Fault => ({
    name,
    strike: async (random) => {
      await (await which(random)).command(...command);
    },
  });
  return [
    {
      name: 'server frozen',
      strike: async (random) => {
        const server = await which(random);
        server.freeze();
        await lasting(random, 50, maxFreeze);
        server.thaw();
      },
    },
    send('DEBUG SLEEP', 'DEBUG', 'SLEEP', '0.4'),
    send('CLIENT KILL of all', 'CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes'),
    send('CLIENT PAUSE', 'CLIENT', 'PAUSE', '300', 'ALL'),
    {
      name: 'push storm',
      strike: async (random) => {
        const server = await which(random);
        const lua = "for i = 1, 20000 do redis.call('SET', 'k:{storm}' .. i, 'x', 'PX', 1000) end";
        await server.command('EVAL', lua, '1', 'k:{storm}').catch(() => {});
      },
    },
    {
      name: 'password set',
      strike: async (random) => {
        const server = await which(random);
        // On one connection: the next one would need the password.
        await server.pipeline([
          ['CONFIG', 'SET', 'requirepass', 'secret'],
          ['CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes'],
          ['DEBUG', 'SLEEP', '0.3'],
          ['CONFIG', 'SET', 'requirepass', ''],
        ]);
      },
    },
  ];
}

/** Faults that lose data, and say so to who listens. */
export function lossesOf(which: Which): Fault[] {
  return [
    {
      name: 'FLUSHALL',
      losesWrites: true,
      strike: async (random) => {
        await (await which(random)).command('FLUSHALL');
      },
    },
    {
      name: 'eviction',
      losesWrites: true,
      strike: async (random) => {
        const server = await which(random);
        await server.pipeline([
          ['CONFIG', 'SET', 'maxmemory-policy', 'allkeys-random'],
          ['CONFIG', 'SET', 'maxmemory', '1'],
          ['DEBUG', 'SLEEP', '0'],
        ]);
        await lasting(random, 50, 200);
        await server.command('CONFIG', 'SET', 'maxmemory', '0');
      },
    },
  ];
}

/** Faults of the network on one connection or another. */
export function faultsOfNetwork(what: string, proxies: readonly TcpProxy[]): Fault[] {
  const each = (make: (proxy: TcpProxy) => void): void => {
    for (const proxy of proxies) make(proxy);
  };
  const fault = (
    name: string,
    from: number,
    to: number,
    make: (proxy: TcpProxy, random: () => number) => void,
  ): Fault => ({
    name: `${what}: ${name}`,
    strike: async (random) => {
      each((proxy) => make(proxy, random));
      await lasting(random, from, to);
      each((proxy) => {
        proxy.listen();
        proxy.heal();
      });
    },
  });
  return [
    fault('cut', 0, 1, (proxy) => proxy.cut()),
    fault('half-open', 200, 2_500, (proxy) => proxy.blackhole()),
    fault('refused', 100, 800, (proxy) => proxy.refuse()),
    fault('delay and jitter', 300, 1_500, (proxy, random) => proxy.delay(() => 5 + random() * 60)),
    fault('slow reader', 200, 800, (proxy) => proxy.deafen()),
    fault('truncated', 50, 200, (proxy) => proxy.truncate()),
    fault('throttled', 300, 1_200, (proxy) => proxy.throttle(20_000)),
  ];
}
