// What a process leaves on its console when it dies of an error that nobody handles: no credentials.

import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { RedisServer } from '../../support/redis-server.js';
import { SECRETS, shownIn, withUser } from './outpouring.js';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const SCRIPT = fileURLToPath(new URL('dying-process.ts', import.meta.url));
const { username, password, trackingUsername, trackingPassword } = SECRETS;

let server: RedisServer;
/** It answers HELLO with the arguments that came with it. */
let old: RedisServer;
beforeAll(async () => {
  server = await RedisServer.start();
  old = await RedisServer.start('--rename-command', 'HELLO', '');
  await server.command('ACL', 'SETUSER', username, 'reset', 'on', `>${password}`, '~*', '&*', '+@all');
});
afterAll(async () => {
  await server.stop();
  await old.stop();
});

/** @returns all that it printed, and how it ended */
function run(way: string): Promise<{ printed: string; code: number | null }> {
  return new Promise((resolve, reject) => {
    const env = {
      ...process.env,
      DATA_URL: withUser(server.url, username, password),
      TRACKING_URL: withUser(old.url, trackingUsername, trackingPassword),
    };
    const child = spawn(process.execPath, ['--import', 'tsx', SCRIPT, way], {
      cwd: ROOT,
      env,
      timeout: 20_000,
    });
    let printed = '';
    child.stdout.on('data', (chunk) => {
      printed += chunk;
    });
    child.stderr.on('data', (chunk) => {
      printed += chunk;
    });
    child.on('error', reject);
    child.on('close', (code) => resolve({ printed, code }));
  });
}

test.each([
  ['a rejection of ready()', 'ERR_NEAR_TRACKING_UNSUPPORTED'],
  ['a listener that throws what it is told', 'ERR_NEAR_TRACKING_UNSUPPORTED'],
  ['a logger that prints everything and throws', 'The logger failed.'],
  ['a read that is refused', 'ERR_NEAR_TRACKING_UNSUPPORTED'],
  ['a bad option', 'ERR_NEAR_OPTION'],
  ['a bad url', 'ERR_NEAR_OPTION'],
])('%s', async (way, expected) => {
  const { printed, code } = await run(way);
  expect(code).toBe(1);
  expect(printed).toContain(expected);
  expect(shownIn(printed)).toEqual([]);
});
