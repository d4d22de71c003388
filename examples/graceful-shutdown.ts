// Ends cleanly on SIGTERM: takes no new connections, finishes the requests under way, closes both Redis connections,
// and then exits because nothing is left to do, without process.exit().
// Run it: PORT=9401 REDIS_URL=redis://127.0.0.1:6379 node --import tsx examples/graceful-shutdown.ts
// `redis-client-v4` is this repository's name for @redis/client 1.x: write '@redis/client' or 'redis' instead.

import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createClient } from 'redis-client-v4';
import { withNearCache } from 'redis-near-cache';

const url = process.env.REDIS_URL ?? 'redis://127.0.0.1:6379';

async function serve(): Promise<void> {
  await using redis = withNearCache(createClient({ url }), { prefixes: ['product:'] });
  redis.on('error', (error) => console.error(error));
  await redis.connect();

  /** A request that takes its time: `/order` waits up to 10 s for the next order, on a connection of its own. */
  async function answer(path: string): Promise<string | null> {
    if (path !== '/order') return redis.get(`product:${path.slice(1)}`);
    const next = await redis.executeIsolated((connection) => connection.blPop('orders', 10));
    return next === null ? null : next.element;
  }

  const server = createServer((request, response) => {
    const reply = (status: number, body = ''): void => {
      // A connection that is kept for more requests would hold up the end until it times out.
      if (!server.listening) response.setHeader('connection', 'close');
      response.writeHead(status).end(body);
    };
    answer(request.url ?? '/').then(
      (body) => (body === null ? reply(404) : reply(200, body)),
      () => reply(503),
    );
  });
  server.listen(Number(process.env.PORT ?? 9401), '127.0.0.1');
  await once(server, 'listening');
  console.log(`listening on http://127.0.0.1:${(server.address() as AddressInfo).port}`);

  await once(process, 'SIGTERM');
  const drained = once(server, 'close');
  server.close();
  console.log('draining');
  await drained;
  console.log('drained');
  // Leaving this function disposes of `redis`: tracking ends, QUIT is sent and answered.
}

await serve();
console.log('closed');
