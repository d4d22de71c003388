// Credentials never come out: not in errors, events, logs, snapshots, metrics or messages, whatever goes wrong. Each test
// makes something go wrong, checks that it did, and then searches everything that came out.

import { createPrivateKey } from 'node:crypto';
import { type AddressInfo, createServer } from 'node:net';
import { withNearCache } from 'redis-near-cache';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Client, Near } from '../../support/client.js';
import { byName, KINDS } from '../../support/majors.js';
import { RedisServer } from '../../support/redis-server.js';
import { TcpProxy } from '../../support/tcp-proxy.js';
import { type Major, single } from '../../support/topologies.js';
import { until } from '../../support/until.js';
import { Outpouring, SECRETS, shownIn, withUser } from './outpouring.js';
import { CLIENT_TLS, pem } from './tls-rig.js';

const MAJORS: readonly Major[] = [4, 5, 6];
const { username, password, trackingUsername, trackingPassword, passphrase } = SECRETS;
const PASSWORDS = { password, trackingPassword, passphrase };
const AS_TRACKER = { username: trackingUsername, password: trackingPassword } as const;

let server: RedisServer;
let out: Outpouring;
/**
 * What node-redis itself publishes is not ours where it is about the data client, or a server's own words. It names users
 * where newer servers do.
 */
let searchesNodeRedis: boolean;
beforeAll(async () => {
  server = await RedisServer.start();
});
afterAll(() => server.stop());
beforeEach(async () => {
  out = new Outpouring();
  searchesNodeRedis = true;
  await allow(server);
});
afterEach(async () => {
  const text = await out.text();
  await out[Symbol.asyncDispose]();
  expect(text.length).toBeGreaterThan(100);
  expect(shownIn(text)).toEqual([]);
  if (searchesNodeRedis) expect(shownIn(out.textOfNodeRedis, PASSWORDS)).toEqual([]);
});

async function allow(at: RedisServer, ...restrictions: string[]): Promise<void> {
  await at.command('ACL', 'SETUSER', username, 'reset', 'on', `>${password}`, '~*', '&*', '+@all');
  const tracker = ['reset', 'on', `>${trackingPassword}`, '+client|tracking', '+ping', '+role'];
  await at.command('ACL', 'SETUSER', trackingUsername, ...tracker, ...restrictions);
}

function secretUrl(of: { readonly url: string } = server): string {
  return withUser(of.url, username, password);
}

async function expectCode(code: string): Promise<void> {
  await until(() => out.codes.includes(code), 10_000, code);
}

async function connected(redis: Near): Promise<Near> {
  await redis.connect();
  await redis.near.ready().catch(out.note);
  return redis;
}

test('the search finds secrets, whole, cut, escaped and encoded', () => {
  for (const secret of Object.values(SECRETS)) {
    const quoted = [
      secret,
      JSON.stringify({ secret }),
      encodeURIComponent(secret),
      `'${secret.slice(0, 100)}`,
    ];
    for (const text of quoted) expect(shownIn(`before ${text} after`), text).not.toEqual([]);
  }
  expect(shownIn('nothing')).toEqual([]);
});

describe.each(byName(KINDS))('%s', (_, kind) => {
  test('at work, by url and with a tracking user', async () => {
    const redis = await connected(
      out.wrap(kind.create(secretUrl(), { name: 'shop' }), { tracking: AS_TRACKER }),
    );
    await redis.set('k:1', 'value');
    await until(async () => (await redis.get('k:1')) === 'value' && redis.near.peek('k:1') === 'value');
    expect(redis.near.state).toBe('serving');
    out.note(redis);
  });

  test('a wrong password of the data client', async () => {
    const url = withUser(server.url, trackingUsername, password);
    const redis = out.wrap(kind.create(url, { socket: { reconnectStrategy: false } }));
    const waiting = redis.near.ready().catch(out.note);
    await out.failing(() => redis.connect());
    redis.near.close();
    await waiting;
    expect(out.codes).toContain('ERR_NEAR_CLOSED');
  });
});

describe.each(MAJORS)('v%i', (major) => {
  const client = (of: { readonly url: string } = server, options: object = {}): Client =>
    single(major, secretUrl(of), options);

  test('a wrong password of the tracking connection', async () => {
    await connected(out.wrap(client(), { tracking: { ...AS_TRACKER, password } }));
    expect(out.codes).toContain('ERR_NEAR_TRACKING_DENIED');
  });

  test.each([
    ['-client|tracking', 'ERR_NEAR_TRACKING_DENIED'],
    ['-role', undefined],
  ])('a missing permission: %s', async (restriction, code) => {
    await allow(server, restriction);
    const redis = await connected(out.wrap(client(), { tracking: AS_TRACKER, fallback: 'error' }));
    if (code === undefined) return expect(redis.near.state).toBe('serving');
    expect(out.codes).toContain(code);
    await out.failing(() => redis.get('k:1'));
    expect(out.codes.filter((each) => each === code).length).toBeGreaterThan(2);
  });

  test('a data user that may not call PTTL', async () => {
    await server.command('ACL', 'SETUSER', username, '-pttl');
    const redis = await connected(out.wrap(client()));
    await redis.get('k:1');
    await expectCode('ERR_NEAR_FAULT');
  });

  test('a server that does not know HELLO and repeats its arguments', async () => {
    const old = await RedisServer.start('--rename-command', 'HELLO', '');
    await allow(old);
    // As v6 says HELLO itself, its own connect() fails: there the tracking connection goes elsewhere.
    const redis = out.wrap(major === 6 ? client() : client(old), {
      tracking: { ...AS_TRACKER, url: old.url },
    });
    await connected(redis);
    expect(out.codes).toContain('ERR_NEAR_TRACKING_UNSUPPORTED');
    await old.stop();
  });

  test('a server that does not know AUTH or HELLO: what connect() fails with, and ready() with it', async () => {
    const old = await RedisServer.start('--rename-command', 'HELLO', '', '--rename-command', 'AUTH', '');
    const redis = out.wrap(client(old, { socket: { reconnectStrategy: false } }));
    const waiting = redis.near.ready().catch(out.note);
    // It is node-redis' own error, which shows what the server repeated.
    searchesNodeRedis = false;
    await redis.connect().catch(() => {});
    await waiting;
    await redis.near.ready().catch(out.note);
    expect(out.codes).toContain('ERR_NEAR_CLOSED');
    await old.stop();
  });

  test.each([
    ['ERR', 'ERR_NEAR_TRACKING_LOST'],
    ['WRONGPASS', 'ERR_NEAR_TRACKING_DENIED'],
  ])('a proxy that repeats the login in words of its own: %s', async (error, code) => {
    searchesNodeRedis = false;
    const talkative = createServer((socket) => {
      socket.on('error', () => {});
      socket.on('data', (chunk) =>
        socket.write(`-${error} no login with ${String(chunk).replace(/[\r\n]+/g, ' ')}\r\n`),
      );
    });
    await new Promise<void>((resolve) => talkative.listen(0, '127.0.0.1', resolve));
    const { port } = talkative.address() as AddressInfo;
    const url = withUser(`redis://127.0.0.1:${port}`, trackingUsername, trackingPassword);
    const reconnectStrategy = (_: number, cause: Error): false => {
      out.note(cause);
      return false;
    };
    await connected(out.wrap(client(), { tracking: { url, reconnectStrategy } }));
    expect(out.codes).toContain(code);
    await new Promise((resolve) => talkative.close(resolve));
  });

  test('a server that is not there', async () => {
    const url = withUser('redis://127.0.0.1:1', trackingUsername, trackingPassword);
    await connected(out.wrap(client(), { tracking: { url, reconnectStrategy: false } }));
    expect(out.codes).toContain('ERR_NEAR_TRACKING_LOST');
  });

  test('a connection that is lost, and one that falls silent', async () => {
    const proxy = await TcpProxy.start(server.port);
    const url = withUser(proxy.url, trackingUsername, trackingPassword);
    const socket = { connectTimeout: 100 };
    const redis = await connected(out.wrap(client(), { tracking: { url, socket }, maxStaleness: 200 }));
    proxy.cut();
    await expectCode('ERR_NEAR_TRACKING_LOST');
    await redis.near.ready();
    const before = out.codes.length;
    proxy.blackhole();
    // Once for the session, then for the handshakes of new ones.
    await until(() => out.codes.slice(before).filter((code) => code.endsWith('LOST')).length > 1, 10_000);
    await proxy.stop();
  });

  test("a url in the place of the data client's host", async () => {
    searchesNodeRedis = false;
    const host = withUser('redis://nowhere.invalid', username, password);
    const { port } = server;
    const redis = out.wrap(single(major, '', { socket: { host, port, reconnectStrategy: false } }));
    const waiting = redis.near.ready().catch(out.note);
    await redis.connect().catch(() => {});
    await waiting;
    expect(out.codes).toContain('ERR_NEAR_CLOSED');
    expect(redis.near.stats().tracking[0]?.node).toBe(`nowhere.invalid:${port}`);
  });

  test('a key whose passphrase is wrong', async () => {
    const cipher = 'aes-256-cbc';
    const key = createPrivateKey(pem('client-key')).export({
      type: 'pkcs8',
      format: 'pem',
      cipher,
      passphrase: 'x',
    });
    const socket = { ...CLIENT_TLS, key, passphrase };
    await connected(out.wrap(client(), { tracking: { socket, reconnectStrategy: false } }));
    expect(out.codes).toContain('ERR_NEAR_TRACKING_LOST');
  });
});

describe.each([5, 6] as const)('v%i', (major) => {
  test.each(['async-credentials-provider', 'streaming-credentials-provider'] as const)(
    'an %s that fails with its secret in the error',
    async (type) => {
      // The data client asks it too.
      searchesNodeRedis = false;
      let failing = false;
      const give = async () => {
        if (!failing) return { username, password };
        const request = { headers: { authorization: `Bearer ${password}` } };
        throw Object.assign(new Error(`no token for ${username} with ${password}`), { request });
      };
      const credentialsProvider = {
        type,
        credentials: give,
        subscribe: async () => [await give(), { dispose: () => {} }],
        onReAuthenticationError: () => {},
      };
      const redis = await connected(out.wrap(single(major, server.url, { credentialsProvider })));
      expect(redis.near.state).toBe('serving');
      failing = true;
      await server.command('CLIENT', 'KILL', 'USER', username);
      await expectCode('ERR_NEAR_TRACKING_LOST');
      await until(
        async () => /credentials provider failed/.test(await out.text()),
        10_000,
        'the provider to be asked',
      );
    },
  );
});

describe('bad options', () => {
  const url = withUser('redis://127.0.0.1:6379', username, password);
  const bad: [what: string, options: unknown][] = [
    ['a url for the options', url],
    ['a url for the prefixes', { prefixes: url }],
    ['a url for a prefix', { prefixes: [`${url}\ud800`] }],
    ['a url for tracking', { prefixes: ['k:'], tracking: url }],
    ['a password for tracking', { prefixes: ['k:'], tracking: password }],
    ['a url for its socket', { prefixes: ['k:'], tracking: { socket: url } }],
    ['a url for its host', { prefixes: ['k:'], tracking: { socket: { host: url } } }],
    ['a port in its host', { prefixes: ['k:'], tracking: { socket: { host: `${username}@127.0.0.1:1` } } }],
    ['a list for its password', { prefixes: ['k:'], tracking: { password: [password] } }],
    ['an object for its password', { prefixes: ['k:'], tracking: { password: { [password]: 1 } } }],
    ['an object for its username', { prefixes: ['k:'], tracking: { username: { [username]: 1 } } }],
    ['a url for its name', { prefixes: ['k:'], tracking: { name: url, noLoop: url } }],
    ['a url as the name of an option', { prefixes: ['k:'], tracking: { [url]: true } }],
    ['a url for a number', { prefixes: ['k:'], heartbeat: url }],
    ['a url without protocol for a number', { prefixes: ['k:'], ttl: url.replace('redis://', '') }],
    ['a url for the replicas', { prefixes: ['k:'], routing: { replicas: url } }],
    ['a url for the fallback', { prefixes: ['k:'], fallback: url }],
    ['another protocol', { prefixes: ['k:'], tracking: { url: url.replace('redis:', 'http:') } }],
    ['no protocol', { prefixes: ['k:'], tracking: { url: url.replace('redis://', '') } }],
    ['no number for a port', { prefixes: ['k:'], tracking: { url: url.replace('6379', 'port') } }],
    ['no number for a database', { prefixes: ['k:'], tracking: { url: `${url}/database` } }],
    ['an escape that is none', { prefixes: ['k:'], tracking: { url: `redis://${username}:%zz@127.0.0.1` } }],
    ['an escape that is no text', { prefixes: ['k:'], tracking: { url: `redis://a:%E0%A4@127.0.0.1` } }],
  ];
  test.each(bad)('%s', async (_, options) => {
    await out.failing(() => withNearCache(single(6, server.url) as never, options as never));
    expect(out.codes).toEqual(['ERR_NEAR_OPTION']);
  });

  test('a url for the client', async () => {
    await out.failing(() => withNearCache(url as never, { prefixes: ['k:'] }));
    await out.failing(() => withNearCache({ url, password } as never, { prefixes: ['k:'] }));
    expect(out.codes).toEqual(['ERR_NEAR_CLIENT', 'ERR_NEAR_CLIENT']);
  });
});
