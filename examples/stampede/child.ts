// A child process as the coordinator sees it: ready, then one order after the other.

import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Answer, Order, Ready } from './messages.js';

export class Child {
  readonly url: string;
  readonly #process: ChildProcess;

  private constructor(child: ChildProcess, url: string) {
    this.#process = child;
    this.url = url;
  }

  /** @param crashed it ended, or could not start, without being told to */
  static async start(file: string, brief: object, crashed: (error: Error) => void): Promise<Child> {
    const child = fork(fileURLToPath(new URL(`./${file}.ts`, import.meta.url)), [JSON.stringify(brief)], {
      execArgv: ['--import', import.meta.resolve('tsx')],
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    child.on('error', crashed);
    child.on('exit', (code, signal) =>
      crashed(new Error(`${file} (pid ${child.pid}) ended with ${signal ?? `code ${code}`}.`)),
    );
    const { url } = await new Promise<Ready>((resolve) => child.once('message', resolve));
    return new Child(child, url);
  }

  obey(order: Order): Promise<Answer> {
    return new Promise((resolve) => {
      this.#process.once('message', resolve);
      this.#process.send(order);
    });
  }

  kill(): void {
    this.#process.removeAllListeners('exit');
    this.#process.kill('SIGKILL');
  }
}
