// First step of `npm start` and `npm test` on a fresh machine: installs what is missing, says what it does, and
// does nothing when nothing is missing. Plain Node: it runs before any package is there.

import { spawnSync } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { platform } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { findRedisServer } from './redis-binary.mjs';

const ROOT = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const MINIMUM_NODE = [20, 20];

checkNode();
installPackages();
installRedisServer();

function checkNode() {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const [wantMajor, wantMinor] = MINIMUM_NODE;
  if (major > wantMajor || (major === wantMajor && minor >= wantMinor)) return;
  fail(`Node.js ${wantMajor}.${wantMinor} or later is needed; this is ${process.versions.node}.`);
}

function installPackages() {
  const lock = join(ROOT, 'package-lock.json');
  // npm writes this file last, so it tells of an installation that was finished.
  const installed = join(ROOT, 'node_modules', '.package-lock.json');
  if (existsSync(installed) && statSync(installed).mtimeMs >= statSync(lock).mtimeMs) return;
  say('Installing the npm packages by package-lock.json ...');
  const npm = platform() === 'win32' ? 'npm.cmd' : 'npm';
  run(npm, ['ci', '--no-audit', '--no-fund'], 'npm ci failed: see its message above.');
}

function installRedisServer() {
  if (findRedisServer() !== undefined) return;
  if (process.env.REDIS_SERVER_BIN) {
    fail(`REDIS_SERVER_BIN names ${process.env.REDIS_SERVER_BIN}, which is not an executable file.`);
  }
  const install = installer();
  if (install === undefined) {
    fail(
      'No redis-server was found. Install Redis 7 or later, or Valkey 8, or name a binary in REDIS_SERVER_BIN.',
    );
  }
  say(`No redis-server was found: installing one with ${install[0]?.[0]} ...`);
  for (const [command = '', ...args] of install) {
    // RUNLEVEL=1 keeps Debian from starting the service: only the binary is wanted.
    run(
      command,
      args,
      'Installing redis-server failed. Install Redis 7 or later, or name a binary in REDIS_SERVER_BIN.',
      {
        RUNLEVEL: '1',
        DEBIAN_FRONTEND: 'noninteractive',
      },
    );
  }
  if (findRedisServer() === undefined) fail('redis-server was installed but is not on PATH.');
}

/** @returns {string[][] | undefined} the commands that install a server here */
function installer() {
  if (platform() === 'darwin' && has('brew')) return [['brew', 'install', 'redis']];
  if (!has('apt-get')) return undefined;
  const asRoot = process.getuid?.() === 0;
  if (!asRoot && !(has('sudo') && spawnSync('sudo', ['-n', 'true']).status === 0)) return undefined;
  const prefix = asRoot ? [] : ['sudo', '-n', '--preserve-env=RUNLEVEL,DEBIAN_FRONTEND'];
  return [
    [...prefix, 'apt-get', 'update', '-qq'],
    [...prefix, 'apt-get', 'install', '-y', '-qq', '--no-install-recommends', 'redis-server'],
  ];
}

function has(command) {
  return spawnSync(platform() === 'win32' ? 'where' : 'which', [command]).status === 0;
}

function run(command, args, failure, env = {}) {
  const { status } = spawnSync(command, args, {
    cwd: ROOT,
    stdio: 'inherit',
    env: { ...process.env, ...env },
    shell: platform() === 'win32',
  });
  if (status !== 0) fail(failure);
}

function say(message) {
  process.stderr.write(`${message}\n`);
}

function fail(message) {
  say(message);
  process.exit(1);
}
