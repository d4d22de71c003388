// What key permissions do not hide: whoever may track hears the names of all keys that change under the prefixes it asks for.

import { afterEach, expect, test } from 'vitest';
import { discard, wrap } from '../../support/majors.js';
import { single } from '../../support/topologies.js';
import { until } from '../../support/until.js';
import { useServer } from '../../support/use-server.js';

const server = await useServer();
const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

test.each([
  ['no key permissions', ['resetkeys']],
  ['permission for other keys', ['~public:*']],
  ['permission to write other keys', ['%W~public:*']],
])('a user with %s hears names, and cannot read values', async (_, keys) => {
  await server.command(
    ...['ACL', 'SETUSER', 'curious', 'reset', 'on', '>pw', ...keys],
    ...['+client|tracking', '+ping', '+get', '+pttl'],
  );
  const raw = single(6, server.url, { username: 'curious', password: 'pw' });
  const redis = wrap(raw, { prefixes: ['secret:'], heartbeat: 20 });
  closers.push(async () => {
    redis.near.close();
    await discard(raw);
  });
  const heard: string[] = [];
  redis.near.on('invalidate', (event) => heard.push(...(event.keys ?? [])));
  await redis.connect();
  await redis.near.ready();
  await server.command('SET', 'secret:of-somebody-else', 'a value');
  await until(() => heard.length > 0);
  expect(heard).toEqual(['secret:of-somebody-else']);
  await expect(redis.get('secret:of-somebody-else')).rejects.toThrow(/NOPERM/);
  expect(redis.near.peek('secret:of-somebody-else')).toBeUndefined();
});

test('without the right to track there are no names', async () => {
  await server.command('ACL', 'SETUSER', 'curious', 'reset', 'on', '>pw', '~*', '+@all', '-client|tracking');
  const raw = single(6, server.url, { username: 'curious', password: 'pw' });
  const redis = wrap(raw, { prefixes: ['secret:'] });
  closers.push(async () => {
    redis.near.close();
    await discard(raw);
  });
  await redis.connect();
  await expect(redis.near.ready()).rejects.toMatchObject({ code: 'ERR_NEAR_TRACKING_DENIED' });
});
