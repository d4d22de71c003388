// One run of a scenario: the process, its servers, and what can happen next. Who chooses what happens is the search.

import { ModelProcess, type Node } from './process.js';
import { Promises } from './promises.js';
import { ModelServer, type Write } from './server.js';

/** What an actor does next. It waits for what is answered before it goes on. */
export type Step =
  | { readonly do: 'read' | 'write' | 'write unseen' | 'outside write'; readonly key: string }
  /** Every key changes at once, and the server says so by a null push. */
  | { readonly do: 'wipe' }
  /**
   * The tracking connection of a node is lost, made anew, falls silent; a heartbeat is sent on it; all that was sent on it
   * has arrived.
   */
  | { readonly do: 'lose' | 'arm' | 'silence' | 'ping' | 'idle'; readonly node: number }
  /** Time goes by in which no timer runs: the event loop is blocked. */
  | { readonly do: 'pass'; readonly time: number };

export interface Scenario {
  readonly name: string;
  /** The primary and its replicas. */
  readonly nodes: number;
  readonly reads: 'primary' | 'replicas';
  readonly maxStaleness: number;
  /** The server writes pushes when it likes, so that a PONG may overtake them. */
  readonly slowPushes?: boolean;
  /** Each goes through its steps by itself. */
  readonly actors: readonly (readonly Step[])[];
}

export interface Action {
  readonly name: string;
  run(): void;
}

const KEYS = ['a', 'b'];

export class World {
  readonly process: ModelProcess;
  readonly #scenario: Scenario;
  readonly #servers: readonly ModelServer[];
  readonly #promises: Promises;
  readonly #log: Write[] = [];
  readonly #versions = new Map<string, number>();
  /** By actor: its next step, and whether it waits for an answer. */
  readonly #at: number[];
  readonly #busy: boolean[];
  #time = 1_000;

  constructor(scenario: Scenario) {
    this.#scenario = scenario;
    this.#servers = Array.from({ length: scenario.nodes }, () => new ModelServer());
    this.#promises = new Promises(scenario.maxStaleness);
    this.#at = scenario.actors.map(() => 0);
    this.#busy = scenario.actors.map(() => false);
    this.process = new ModelProcess(this.#servers, {
      maxStaleness: scenario.maxStaleness,
      reads: scenario.reads,
      clock: () => this.#time,
      promises: this.#promises,
      write: (key) => this.#write(key),
    });
    for (const node of this.process.nodes) this.process.arm(node);
    this.#time++;
    // A replica answers only once it covers the moment at which it was found fit.
    for (const node of this.process.nodes) this.#heartbeat(node);
    for (const node of this.process.nodes) this.#heartbeat(node);
  }

  /** What can happen now. */
  enabled(): Action[] {
    const actions: Action[] = [];
    for (const [actor, steps] of this.#scenario.actors.entries()) {
      const step = steps[this.#at[actor] ?? 0];
      if (step !== undefined && this.#busy[actor] === false && this.#isPossible(step))
        actions.push(this.#action(`${actor}: ${nameOf(step)}`, () => this.#step(actor, step)));
    }
    for (const [index, node] of this.process.nodes.entries()) this.#addSteps(actions, index, node);
    return actions;
  }

  /** Everything on its way arrives, in some order; then what is held must be what Redis has (promise (a)). */
  settle(): void {
    // The network heals: what fell silent is noticed at last.
    for (const node of this.process.nodes) if (node.isSilent) this.process.lose(node);
    for (let [next] = this.enabled(); next !== undefined; [next] = this.enabled()) next.run();
    for (const key of KEYS) {
      const held = this.process.held(key);
      if (held !== undefined) this.#promises.settled(key, held, this.#versions.get(key) ?? 0);
    }
  }

  #addSteps(actions: Action[], index: number, node: Node): void {
    const add = (what: string, possible: boolean, run: () => void): void => {
      if (possible) actions.push(this.#action(`${index}: ${what}`, run));
    };
    const { process } = this;
    const { requests, replies, server, tracked } = node;
    add('executes', !requests.isEmpty, () => process.execute(node));
    add('reply arrives', !replies.isEmpty, () => replies.receive()?.());
    if (tracked !== undefined) {
      add('writes pushes', tracked.hasPending, () => tracked.writePending());
      add('executes PING', node.ping === 'sent', () => process.executePing(node));
      add('tells', !node.isSilent && !tracked.toClient.isEmpty, () => {
        const told = tracked.toClient.receive();
        if (told !== undefined) process.told(node, told);
      });
    }
    // The last: a search that begins with the first has replicas that lag.
    add('applies', server.offset < this.#log.length, () => this.#apply(server));
  }

  #action(name: string, run: () => void): Action {
    return {
      name,
      run: () => {
        this.#time++;
        run();
        if (this.#scenario.slowPushes !== true)
          for (const { tracked } of this.process.nodes) tracked?.writePending();
      },
    };
  }

  #isPossible(step: Step): boolean {
    if (!('node' in step)) return true;
    const node = this.process.nodes[step.node];
    if (step.do === 'arm') return node?.tracked === undefined;
    if (node?.tracked === undefined) return false;
    if (step.do === 'idle') return node.ping === 'none' && node.tracked.toClient.isEmpty;
    return step.do !== 'ping' || node.ping === 'none';
  }

  #step(actor: number, step: Step): void {
    this.#at[actor] = (this.#at[actor] ?? 0) + 1;
    this.#busy[actor] = true;
    const done = (): void => {
      this.#busy[actor] = false;
    };
    if (!this.#ask(step, done)) {
      this.#do(step);
      done();
    }
  }

  /** @returns whether the step ends with an answer */
  #ask(step: Step, done: () => void): boolean {
    if (step.do === 'read') this.process.read(step.key, done);
    else if (step.do === 'write') this.process.write(step.key, done);
    else if (step.do === 'write unseen') this.process.writeUnseen(step.key, done);
    else return false;
    return true;
  }

  #do(step: Step): void {
    if (step.do === 'outside write') this.#write(step.key);
    if (step.do === 'wipe') this.#wipe();
    if (step.do === 'pass') this.#time += step.time;
    if (!('node' in step)) return;
    const node = this.process.nodes[step.node];
    if (node === undefined) throw new Error(`There is no node ${step.node}.`);
    if (step.do === 'lose') this.process.lose(node);
    if (step.do === 'arm') this.process.arm(node);
    if (step.do === 'silence') node.isSilent = true;
    if (step.do === 'ping') this.process.ping(node);
  }

  #write(key: string): number {
    const write = this.#logged(key);
    this.#servers[0]?.apply(write);
    return write.version;
  }

  #wipe(): void {
    const [primary] = this.#servers;
    const listening = [...(primary?.tracked ?? [])];
    primary?.tracked.clear();
    for (const key of KEYS) primary?.apply(this.#logged(key));
    for (const tracked of listening) primary?.tracked.add(tracked);
    primary?.flush();
  }

  #logged(key: string): Write {
    const version = (this.#versions.get(key) ?? 0) + 1;
    this.#versions.set(key, version);
    this.#promises.written(key, version, this.#time);
    const write = { key, version };
    this.#log.push(write);
    return write;
  }

  #apply(replica: ModelServer): void {
    const next = this.#log[replica.offset];
    if (next !== undefined) replica.apply(next);
  }

  #heartbeat(node: Node): void {
    this.#time++;
    this.process.ping(node);
    this.process.executePing(node);
    const pong = node.tracked?.toClient.receive();
    if (pong !== undefined) this.process.told(node, pong);
  }
}

export function nameOf(step: Step): string {
  if ('key' in step) return `${step.do} ${step.key}`;
  if ('node' in step) return `${step.do} ${step.node}`;
  return 'time' in step ? `${step.do} ${step.time}` : step.do;
}
