// What taking rights away does to a process that holds values, and what an ACL file does when it is loaded again.

import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Near } from '../../support/client.js';
import { discard, wrap } from '../../support/majors.js';
import { RedisServer } from '../../support/redis-server.js';
import { type Major, single } from '../../support/topologies.js';
import { until } from '../../support/until.js';

let server: RedisServer;
const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

const AS_SHOP = { username: 'shop', password: 'of shop' };
const AS_EARS = { username: 'shop-tracking', password: 'of shop-tracking' };

/** Holds `product:1`. */
async function holding(major: Major = 6): Promise<Near> {
  const raw = single(major, server.url, AS_SHOP);
  const redis = wrap(raw, { prefixes: ['product:'], heartbeat: 30, tracking: AS_EARS });
  closers.push(async () => {
    redis.near.close();
    await discard(raw).catch(() => {});
  });
  await redis.connect();
  await redis.near.ready();
  await redis.set('product:1', 'teapot');
  await until(
    async () => (await redis.get('product:1')) !== null && redis.near.peek('product:1') === 'teapot',
  );
  return redis;
}

describe('a process that holds values', () => {
  beforeEach(async () => {
    server = await RedisServer.start();
    closers.push(() => server.stop());
    await server.command('ACL', 'SETUSER', 'shop', 'on', '>of shop', '~product:*', '+@all');
    await server.command(
      ...['ACL', 'SETUSER', 'shop-tracking', 'on', '>of shop-tracking'],
      ...['+client|tracking', '+ping', '+role'],
    );
  });

  test('goes on answering from memory when only its data user is deleted', async () => {
    const redis = await holding();
    await server.command('ACL', 'DELUSER', 'shop');
    await until(() => !redis.isReady, 5_000, 'the data connection to be gone');
    expect(await redis.get('product:1')).toBe('teapot');
    expect(redis.near.state).toBe('serving');
    // The tracking user vouches: a change is still heard of.
    await server.command('SET', 'product:1', 'samovar');
    await until(() => redis.near.peek('product:1') === undefined);
  });

  test('drops them at once when its tracking user is deleted', async () => {
    const redis = await holding();
    await server.command('ACL', 'DELUSER', 'shop-tracking');
    await until(() => redis.near.stats().entries === 0, 5_000, 'the entries to go');
    expect(redis.near.peek('product:1')).toBeUndefined();
    expect(await redis.get('product:1')).toBe('teapot');
  });

  test.each([['off'], ['resetpass'], ['-client|tracking']])(
    'keeps its session when its tracking user is set to %s, until it is ended',
    async (rule) => {
      const redis = await holding();
      const codes: string[] = [];
      redis.near.on('error', ({ code }) => codes.push(code));
      await server.command('ACL', 'SETUSER', 'shop-tracking', rule);
      const { rtt } = redis.near.stats().tracking[0] ?? {};
      for (let beats = 0; beats < 3; beats++) {
        const before = redis.near.stats().tracking[0]?.rtt ?? rtt;
        await until(() => redis.near.stats().tracking[0]?.rtt !== before, 5_000, 'a heartbeat');
      }
      expect(redis.near.peek('product:1')).toBe('teapot');
      await server.command('CLIENT', 'KILL', 'USER', 'shop-tracking');
      await until(() => codes.includes('ERR_NEAR_TRACKING_DENIED'), 5_000, 'the refusal');
      expect(redis.near.stats().entries).toBe(0);
    },
  );
});

/** The file in docs/security.md, with the users' passwords in it: `of <user>`. */
function documentedUsers(): string {
  const page = readFileSync(new URL('../../../docs/security.md', import.meta.url), 'utf8');
  const [, lines = ''] = /```acl\n(.*?)```/s.exec(page) ?? [];
  return lines.replace(/^user (\S+)(.*)#<sha256 of its password>/gm, (_, name: string, between: string) => {
    const hash = createHash('sha256').update(`of ${name}`).digest('hex');
    return `user ${name}${between}#${hash}`;
  });
}

describe('the ACL file of docs/security.md', () => {
  const ADMIN = { username: 'admin', password: 'of admin' };
  let file: string;

  /** As somebody who administers the server, on a connection of its own. */
  async function asAdmin(...command: string[]): Promise<unknown> {
    const client = single(5, server.url, ADMIN);
    await client.connect();
    return client.sendCommand(command).finally(() => discard(client));
  }

  beforeEach(async () => {
    server = await RedisServer.prepare({ args: ['--aclfile', 'users.acl'] });
    closers.push(() => server.stop());
    file = join(server.dir, 'users.acl');
    // With a default user that is on, until the server runs.
    writeFileSync(file, 'user default on nopass ~* &* +@all\n');
    await server.launch();
    writeFileSync(file, documentedUsers());
    await server.command('ACL', 'LOAD');
  });

  test('has the default user off', async () => {
    const client = single(5, server.url);
    await client.connect();
    await expect(client.get('product:1')).rejects.toThrow(/NOAUTH/);
    await discard(client);
  });

  test.each([4, 5, 6] as const)('lets the near cache serve (v%i)', async (major) => {
    const redis = await holding(major);
    const errors: unknown[] = [];
    redis.near.on('error', (error) => errors.push(error));
    await asAdmin('SET', 'product:1', 'samovar');
    await until(async () => (await redis.get('product:1')) === 'samovar' && redis.near.state === 'serving');
    await expect(redis.get('other:1')).rejects.toThrow(/NOPERM/);
    expect(errors).toEqual([]);
  });

  test('has users for clusters and replicas, who may do that and no more', async () => {
    const rules = (name: string): Promise<unknown> => asAdmin('ACL', 'GETUSER', name);
    expect(JSON.stringify(await rules('shop-tracking-replicas'))).toContain('+info');
    expect(JSON.stringify(await rules('shop-tracking-cluster'))).toContain('+cluster|nodes');
    for (const name of ['shop-tracking', 'shop-tracking-replicas', 'shop-tracking-cluster'])
      await expect(asAdmin('ACL', 'DRYRUN', name, 'GET', 'product:1')).resolves.toMatch(/no permissions/);
  });

  /** The tracking connection, as the server numbers it. */
  async function tracker(): Promise<string | undefined> {
    const rows = String(await asAdmin('CLIENT', 'LIST')).split('\n');
    return /^id=(\d+)/.exec(rows.find((row) => row.includes(':tracking ')) ?? '')?.[1];
  }

  const hash = createHash('sha256').update('another').digest('hex');
  test.each([
    ['as it is', (text: string) => text],
    [
      'with another password beside the old',
      (text: string) => text.replace(/^(user shop-tracking on )/m, `$1#${hash} `),
    ],
  ])('loaded again %s costs a reconnect at most', async (what, change) => {
    const redis = await holding();
    const before = await tracker();
    expect(before).toBeDefined();
    writeFileSync(file, change(documentedUsers()));
    const from = performance.now();
    await asAdmin('ACL', 'LOAD');
    // Whoever is cut is gone from the list at once, and from the process a moment later.
    const isKept = (await tracker()) === before;
    const isBack = async (): Promise<boolean> => {
      const { reconnects = 0 } = redis.near.stats().tracking[0] ?? {};
      return (isKept || reconnects > 0) && (await redis.get('product:1')) === redis.near.peek('product:1');
    };
    await until(isBack, 5_000, 'hits');
    const back = performance.now() - from;
    const connection = isKept ? 'kept its connection' : `was back after ${back.toFixed(0)} ms`;
    process.stdout.write(`ACL LOAD ${what}: ${await version()}: the tracking user ${connection}\n`);
    expect(back).toBeLessThan(2_000);
    expect(redis.near.state).toBe('serving');
  });

  async function version(): Promise<string> {
    const info = String(await asAdmin('INFO', 'server'));
    const [, valkey] = /valkey_version:(\S+)/.exec(info) ?? [];
    return valkey === undefined ? `Redis ${/redis_version:(\S+)/.exec(info)?.[1]}` : `Valkey ${valkey}`;
  }
});
