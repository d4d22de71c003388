// Faults of a running server that keep its data: it stands still, ends or pauses connections, refuses users.

import { createClient } from 'redis-client-v4';
import type { RedisServer } from '../../support/redis-server.js';
import { type Fault, lasting, some } from '../soak-bed.js';

/** Whichever server is meant when the fault strikes. */
export type Which = (random: () => number) => RedisServer | Promise<RedisServer>;

export interface ServerFaults {
  /** How long a server may stand still before others take over from it. Unit: ms. */
  readonly maxFreeze: number;
  /** Rights that nobody but the readers needs. */
  readonly rights: readonly string[];
  /** Whether their lack is taken for a refusal, which stands for 30 s. */
  readonly isRefusal?: boolean;
  /** Whether the clients do so when their connections are killed. Default: true. */
  readonly reconnectsAtOnce?: boolean;
  /** Whether others follow it, who must go on to know its password. */
  readonly isFollowed?: boolean;
}

const PREFIX = 'k:';

export function faultsOf(which: Which, options: ServerFaults): Fault[] {
  const { isFollowed = false, isRefusal = false, maxFreeze, reconnectsAtOnce = true, rights } = options;
  const send = (name: string, ...command: string[]): Fault => ({
    name,
    strike: async (random) => {
      await (await which(random)).command(...command);
    },
  });
  const kill = (type: string): Fault => ({
    ...send(`CLIENT KILL TYPE ${type}`, 'CLIENT', 'KILL', 'TYPE', type, 'SKIPME', 'yes'),
    isCut: type === 'normal' && reconnectsAtOnce,
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
    send('DEBUG SLEEP', 'DEBUG', 'SLEEP', `${Math.min(0.4, maxFreeze / 1_000)}`),
    kill('normal'),
    kill('pubsub'),
    ...(isFollowed ? [kill('replica'), kill('master')] : []),
    {
      name: 'CLIENT KILL of the tracking connections',
      isCut: true,
      strike: async (random) => killTracking(await which(random), random),
    },
    send('CLIENT PAUSE ALL', 'CLIENT', 'PAUSE', '300', 'ALL'),
    send('CLIENT PAUSE WRITE', 'CLIENT', 'PAUSE', '400', 'WRITE'),
    { name: 'push storm', strike: async (random) => storm(await which(random)) },
    {
      // The pushes of one storm are more than the server may hold back for one client.
      name: 'output buffers overflow',
      strike: async (random) => {
        const server = await which(random);
        await server.command('CONFIG', 'SET', 'client-output-buffer-limit', 'normal 65536 0 0');
        try {
          await storm(server);
          await lasting(random, 0, 200);
        } finally {
          await server.command('CONFIG', 'SET', 'client-output-buffer-limit', 'normal 0 0 0');
        }
      },
    },
    {
      name: 'ACL: reads are not permitted',
      strike: async (random) => {
        const server = await which(random);
        await server.command('ACL', 'SETUSER', 'default', '-get', '-pttl', '-mget');
        await lasting(random, 100, 800);
        await server.command('ACL', 'SETUSER', 'default', '+@all');
      },
    },
    {
      name: 'ACL: tracking is not permitted',
      isSlow: isRefusal,
      strike: async (random) => {
        const server = await which(random);
        await server.command('ACL', 'SETUSER', 'default', ...rights.map((right) => `-${right}`));
        await lasting(random, 100, 800);
        await server.command('ACL', 'SETUSER', 'default', '+@all');
      },
    },
    {
      name: 'ACL: tracking is not permitted when it has to begin anew',
      isSlow: true,
      strike: async (random) => {
        const server = await which(random);
        await server.command('ACL', 'SETUSER', 'default', ...rights.map((right) => `-${right}`));
        await killTracking(server);
        await lasting(random, 100, 800);
        await server.command('ACL', 'SETUSER', 'default', '+@all');
      },
    },
  ];
}

/** A password is asked of everybody for some time. Replicas and sentinels would have to know it too. */
export function passwordOf(which: Which): Fault {
  return {
    name: 'password set',
    isSlow: true,
    strike: async (random) => {
      // A connection that is there already needs no password to take it back.
      const admin = createClient({ url: (await which(random)).url });
      admin.on('error', () => {});
      await admin.connect();
      try {
        await admin.configSet('requirepass', 'secret');
        await admin.sendCommand(['CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes']);
        await lasting(random, 100, 500);
        await admin.configSet('requirepass', '');
      } finally {
        await admin.disconnect();
      }
    },
  };
}

/** The user of a tracking connection is gone, and its connections with it. */
export function userGone(which: Which, name: string, rules: readonly string[]): Fault {
  return {
    name: 'ACL DELUSER of the tracking user',
    isSlow: true,
    strike: async (random) => {
      const server = await which(random);
      await server.command('ACL', 'DELUSER', name);
      await lasting(random, 100, 500);
      await server.command('ACL', 'SETUSER', name, ...rules);
    },
  };
}

/** Ends the tracking connections, or with `random` some of them. */
async function killTracking(server: RedisServer, random?: () => number): Promise<void> {
  const list = String(await server.command('CLIENT', 'LIST'));
  const ids = list
    .split('\n')
    .filter((line) => /\bname=\S*tracking\b/.test(line))
    .flatMap((line) => /^id=(\d+)/.exec(line)?.[1] ?? []);
  const chosen = random === undefined ? ids : ids.filter(() => random() < 0.7);
  for (const id of chosen) await server.command('CLIENT', 'KILL', 'ID', id).catch(() => {});
}

/** So many keys change in one turn of the server, under the prefix that everybody tracks, and expire soon after. */
async function storm(server: RedisServer): Promise<void> {
  const tag = await tagOf(server);
  const key = `${PREFIX}{${tag}}:storm`;
  const lua = `for i = 1, 20000 do redis.call('SET', KEYS[1] .. i, 'x', 'PX', 1000) end`;
  await server.command('EVAL', lua, '1', key).catch(() => {});
}

/** Names a slot that this node of a cluster has; any name, if it is none of a cluster. */
async function tagOf(server: RedisServer): Promise<string> {
  for (let index = 0; index < 200; index++) {
    const key = `{${index}}`;
    const answer = await server.command('GET', key).catch((error: unknown) => error);
    if (!(answer instanceof Error)) return `${index}`;
  }
  return 'storm';
}

/** The links between a primary and its replicas, each behind a proxy. */
export interface ReplicationLink {
  hold(direction: 'down'): void;
  release(direction: 'down'): void;
  refuse(): void;
  delay(latency: () => number): void;
  heal(): void;
}

export function faultsOfReplication(links: readonly (() => ReplicationLink)[]): Fault[] {
  const fault = (
    name: string,
    from: number,
    to: number,
    make: (link: ReplicationLink, random: () => number) => void,
  ): Fault => ({
    name: `replication: ${name}`,
    strike: async (random) => {
      const link = some(links, random)();
      make(link, random);
      await lasting(random, from, to);
      link.release('down');
      link.heal();
    },
  });
  return [
    fault('stalled', 50, 2_500, (link) => link.hold('down')),
    fault('broken', 100, 1_500, (link) => link.refuse()),
    fault('jitter', 300, 1_500, (link, random) => link.delay(() => random() * 80)),
  ];
}
