// The database as a process of its own, which answers one query after the other, as long as they take.

import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import express from 'express';
import { CountedDatabase } from './database.js';
import type { DatabaseBrief, Ready } from './messages.js';

const { orders } = JSON.parse(process.argv[2] ?? '{}') as DatabaseBrief;
const database = await CountedDatabase.open(orders);
const app = express();
app.get('/product/:id', ({ params }, response) => {
  response.json(database.product(params.id));
});
app.get('/queries', (_, response) => {
  response.json(database.queries);
});
const server = app.listen(0, '127.0.0.1');
await once(server, 'listening');
process.on('disconnect', () => process.exit());
const { port } = server.address() as AddressInfo;
process.send?.({ kind: 'ready', url: `http://127.0.0.1:${port}` } satisfies Ready);
