// No server outlives the process that started it, however that process ends: a shell waits at the end of a pipe until the
// process is gone, then kills what is still on its list and removes the folder of its servers.

import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const WAIT_AND_KILL = `
trap '' INT TERM HUP
pids=
while read -r sign pid; do
  case $sign in
    +) pids="$pids $pid" ;;
    -) rest=
       for each in $pids; do [ "$each" = "$pid" ] || rest="$rest $each"; done
       pids=$rest ;;
  esac
done
[ -z "$pids" ] || kill -9 $pids
rm -rf -- "$1"
`;

class Reaper {
  readonly folder = mkdtempSync(join(tmpdir(), 'near-cache-redis-'));
  readonly #list: Socket;

  constructor() {
    // In a session of its own: what ends the group of this process must not end the shell.
    const shell = spawn('sh', ['-c', WAIT_AND_KILL, 'near-cache-reaper', this.folder], {
      stdio: ['pipe', 'ignore', 'ignore'],
      detached: true,
    });
    shell.unref();
    if (!(shell.stdin instanceof Socket)) throw new Error('The pipe to the reaper is no socket.');
    this.#list = shell.stdin;
    this.#list.unref();
  }

  watch(child: ChildProcess): void {
    const { pid } = child;
    if (pid === undefined) return;
    this.#list.write(`+ ${pid}\n`);
    child.once('exit', () => this.#list.write(`- ${pid}\n`));
  }
}

let reaper: Reaper | undefined;

function theReaper(): Reaper {
  reaper ??= new Reaper();
  return reaper;
}

/** Ends with this process, if not before. */
export function endWithThisProcess(child: ChildProcess): void {
  theReaper().watch(child);
}

/** A new folder that is gone when this process is, if not before. */
export function scratchFolder(name: string): string {
  return mkdtempSync(join(theReaper().folder, `${name}-`));
}
