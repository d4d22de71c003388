// Run as a process of its own: closes clients of a kind at odd moments, and must end by itself.

import { call, outcome } from '../../../support/client.js';
import { discard, kindOf, wrap } from '../../../support/majors.js';
import { until } from '../../../support/until.js';
import { Gate } from '../gate.js';

const [url = '', name = ''] = process.argv.slice(2);
const kind = kindOf(name);
const OPTIONS = { prefixes: ['k:'], heartbeat: 50, maxStaleness: 1_000 };
const port = Number(new URL(url).port);

for (const way of [...kind.closing, 'near.close']) {
  const close = async (
    redis: ReturnType<typeof wrap>,
    raw: ReturnType<typeof kind.create>,
  ): Promise<void> => {
    if (way !== 'near.close') await call(redis, way);
    redis.near.close();
    if (way === 'near.close') await discard(raw);
  };

  // While its tracking connection waits for its first answer.
  const silent = await Gate.start(port);
  silent.pass(0, 'answered');
  const stuck = kind.create(url);
  await stuck.connect();
  const shaking = wrap(stuck, { ...OPTIONS, tracking: { url: silent.url } });
  await until(() => silent.held.length > 0);
  await close(shaking, stuck);
  await silent.stop();

  // While a read is under way.
  const reader = kind.create(url);
  const reading = wrap(reader, OPTIONS);
  await reading.connect();
  // A bare pool of v5 leaves a connection open that it was making for later.
  const read = name === 'v5 pool' ? undefined : outcome(() => reading.get('k:1'));
  await close(reading, reader);
  await read;

  // Before it is connected.
  const unused = wrap(kind.create(url), OPTIONS);
  await outcome(() => (way === 'near.close' ? undefined : call(unused, way)));
  unused.near.close();

  // When the tracking connection finds no server.
  const gone = await Gate.start(port);
  const { url: nowhere } = gone;
  await gone.stop();
  const alone = kind.create(url);
  const searching = wrap(alone, { ...OPTIONS, tracking: { url: nowhere } });
  await searching.connect();
  await until(() => searching.near.state === 'bypass');
  await close(searching, alone);

  // After the server died. What quit() does then is node-redis' business.
  const mortal = await Gate.start(port);
  const bereft = kind.create(mortal.url);
  const orphan = wrap(bereft, OPTIONS);
  await orphan.connect();
  await orphan.near.ready();
  await mortal.stop();
  await until(() => orphan.near.stats().tracking[0]?.state === 'lost');
  orphan.near.close();
  await discard(bereft);
}

process.stdout.write('done\n');
