// Faults by which Redis loses what it acknowledged. Each tells the history what is lost for sure, and what may be.

import type { RedisServer } from '../../support/redis-server.js';
import { EVERY_KEY, type Scope } from '../history.js';
import { type Fault, lasting } from '../soak-bed.js';

/** A server to strike, and the keys that it has at that moment. */
export interface Victim {
  readonly server: RedisServer;
  readonly scope: Scope;
}

type WhichVictim = (random: () => number) => Victim | Promise<Victim>;

/** Every key lives here. */
export function alone(server: RedisServer): Victim {
  return { server, scope: EVERY_KEY };
}

/** Faults of a primary that its replicas follow in. */
export function lossesOf(which: WhichVictim): Fault[] {
  return [
    {
      name: 'FLUSHALL storm',
      isLoss: true,
      strike: async (random, history) => {
        const { server, scope } = await which(random);
        const wiped = history.wipes(scope, performance.now());
        for (let times = Math.ceil(random() * 20); times > 0; times--) {
          await server.command('FLUSHALL');
          await lasting(random, 0, 10);
        }
        wiped(performance.now());
      },
    },
    {
      name: 'eviction',
      isLoss: true,
      strike: async (random, history) => {
        const { server, scope } = await which(random);
        const over = history.mayLose(scope, Number.NEGATIVE_INFINITY);
        await server.pipeline([
          ['CONFIG', 'SET', 'maxmemory-policy', 'allkeys-random'],
          ['CONFIG', 'SET', 'maxmemory', '1'],
        ]);
        await lasting(random, 50, 300);
        await server.command('CONFIG', 'SET', 'maxmemory', '0');
        over();
      },
    },
  ];
}

/** A server that nobody takes over from comes back empty. */
export function restartedEmpty(which: WhichVictim, again = (server: RedisServer) => server.launch()): Fault {
  return {
    name: 'killed, restarted empty',
    isLoss: true,
    strike: async (random, history) => {
      const { server, scope } = await which(random);
      const wiped = history.wipes(scope, performance.now());
      await server.kill();
      await lasting(random, 50, 600);
      await again(server);
      wiped(performance.now());
    },
  };
}
