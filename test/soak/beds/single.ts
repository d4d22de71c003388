// One server; every connection of the readers passes through a proxy.

import { RedisServer } from '../../support/redis-server.js';
import { single } from '../../support/topologies.js';
import { alone, lossesOf, restartedEmpty } from '../faults/losses.js';
import { faultsOf, passwordOf, userGone } from '../faults/server-faults.js';
import type { SoakBed } from '../soak-bed.js';
import { heal, networkOf, proxied, stop } from './proxied.js';

const TRACKER = { username: 'tracker', password: 'secret' };
const RULES = ['on', `>${TRACKER.password}`, 'resetkeys', '+client|tracking', '+ping', '+role'];

export async function singleBed(): Promise<SoakBed> {
  const server = await RedisServer.start('--user', TRACKER.username, ...RULES);
  const readers = [
    await proxied('v4', server.port),
    await proxied('v5 RESP 3', server.port, { tracking: { noLoop: false } }),
    await proxied('v6', server.port, { tracking: TRACKER, maxEntries: 30 }),
    await proxied('v6 pool', server.port, { serverTtl: false }),
  ];
  return {
    readers,
    bare: () => single(6, server.url, { commandOptions: { timeout: undefined } }),
    faults: [
      ...faultsOf(() => server, { maxFreeze: 2_500, rights: ['client|tracking', 'ping'] }),
      passwordOf(() => server),
      userGone(() => server, TRACKER.username, RULES),
      restartedEmpty(() => alone(server)),
      ...lossesOf(() => alone(server)),
      ...networkOf(readers),
    ],
    servers: [server],
    everywhere: ['k:probe'],
    portOf: async () => server.port,
    healed: async () => heal(readers),
    stop: async () => {
      await server.stop();
      await stop(readers);
    },
  };
}
