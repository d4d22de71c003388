// Finds the server to run: REDIS_SERVER_BIN, else redis-server or valkey-server on PATH. Plain Node, because
// set-up needs it before anything is installed.

import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

const NAMES = ['redis-server', 'valkey-server'];

/** @returns {string | undefined} path of a runnable server */
export function findRedisServer(env = process.env) {
  const named = env.REDIS_SERVER_BIN;
  if (named) return isExecutable(named) ? named : undefined;
  // Debian puts servers where an ordinary user's PATH may not look.
  const folders = [
    ...(env.PATH ?? '').split(delimiter),
    '/usr/bin',
    '/usr/sbin',
    '/usr/local/bin',
    '/opt/homebrew/bin',
  ];
  for (const name of NAMES) {
    for (const folder of folders) {
      const path = join(folder, name);
      if (folder !== '' && isExecutable(path)) return path;
    }
  }
  return undefined;
}

function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
