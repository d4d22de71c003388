// The process of one contestant: it gets ready, and does a round whenever it is told to.

import { SUITES } from './suites/all.js';

interface Task {
  readonly suite: string;
  readonly contestant: string;
  readonly url: string;
  readonly port: number;
}

const task = JSON.parse(process.argv[2] ?? '') as Task;
const start = SUITES[task.suite]?.contestants[task.contestant];
if (start === undefined) throw new Error(`There is no contestant ${task.contestant} of ${task.suite}.`);

const contestant = await start({ url: task.url, port: task.port });
process.on('message', async (message) => {
  if (message === 'round') process.send?.(await contestant.round());
  else {
    await contestant.close();
    process.exit();
  }
});
process.send?.('ready');
process.on('disconnect', () => process.exit());
