// One run of a scenario: the process, its servers, and what can happen next. Who chooses what happens is the search.
// After every step the promises are checked for whatever would be served then.

import { hashSlot } from '../../src/routing/slots.js';
import type { Channel } from './channel.js';
import type { Node } from './node.js';
import { ModelProcess } from './process.js';
import { Promises } from './promises.js';
import { ModelServer, type Write } from './server.js';
import { KEYS, type Key, keysOf, nameOf, READINGS, type Scenario, type Step } from './steps.js';

export interface Action {
  name(): string;
  /** Does it and checks the promises. */
  run(): void;
  /** Does what was done and checked before. */
  again(): void;
}

/** When a run begins: less is never a moment. Unit: ms. */
export const BEGIN = 10_000;

export class World {
  readonly process: ModelProcess;
  readonly #scenario: Scenario;
  readonly #servers: readonly ModelServer[];
  readonly #promises: Promises;
  /** What the primary has written, for its replicas to apply. */
  readonly #log: Write[] = [];
  readonly #versions = new Map<Key, number>();
  /** By actor: its next step, and whether it waits for an answer. */
  readonly #at: number[];
  readonly #busy: boolean[];
  #primary = 0;
  #time = BEGIN;

  constructor(scenario: Scenario) {
    this.#scenario = scenario;
    const { maxStaleness, topology } = scenario;
    const slots = KEYS.map((key) => hashSlot(key));
    this.#servers = Array.from({ length: scenario.nodes }, (_, at) => {
      const isReplica = at > 0 && topology !== 'cluster';
      return new ModelServer(isReplica ? 'slave' : 'master', at === 0 ? slots : []);
    });
    this.#promises = new Promises(maxStaleness);
    this.#at = scenario.actors.map(() => 0);
    this.#busy = scenario.actors.map(() => false);
    this.process = new ModelProcess(this.#servers, {
      topology,
      maxStaleness,
      clock: () => this.#time,
      promises: this.#promises,
      answered: (actor) => {
        this.#busy[actor] = false;
      },
      write: (key) => this.#write(key),
      select: () => this.#change(KEYS, undefined),
    });
    for (const node of this.process.nodes) node.connect();
    // A replica answers only once it covers the moment at which it was found fit.
    for (let beat = 0; beat < 3; beat++) for (const node of this.process.nodes) this.#heartbeat(node);
    this.process.judge();
  }

  /** What can happen now. */
  enabled(): Action[] {
    const actions: Action[] = [];
    for (const [actor, steps] of this.#scenario.actors.entries()) {
      const step = steps[this.#at[actor] ?? 0];
      if (step !== undefined && this.#busy[actor] === false && this.#isPossible(step))
        actions.push(
          this.#action(
            () => `actor ${actor}: ${nameOf(step)}`,
            () => this.#step(actor, step),
          ),
        );
    }
    for (const [index, node] of this.process.nodes.entries()) this.#addSteps(actions, index, node);
    // The last: a search that begins with the first has replicas that lag.
    for (const [index, server] of this.#servers.entries()) {
      if (index === this.#primary || this.#scenario.topology === 'cluster') continue;
      const next = this.#log[server.offset];
      if (next !== undefined)
        actions.push(
          this.#action(
            () => `server ${index} applies the next write`,
            () => server.apply(next),
          ),
        );
    }
    return actions;
  }

  /** Everything on its way arrives, in some order; then what is held must be what Redis has (promise (a)). */
  settle(): void {
    for (let [next] = this.enabled(); next !== undefined; [next] = this.enabled()) next.run();
    // The network heals: what fell silent is noticed at last, and what waited for that happens.
    while (this.process.nodes.some(({ isSilent }) => isSilent)) {
      for (const node of this.process.nodes) if (node.isSilent) node.lose();
      for (let [next] = this.enabled(); next !== undefined; [next] = this.enabled()) next.run();
    }
    for (const node of this.process.nodes)
      if (node.tracked !== undefined && node.ping === 'none') this.#heartbeat(node);
    for (const what of READINGS) {
      const offered = this.process.offered(what);
      for (const [at, key] of keysOf(what).entries())
        if (offered !== undefined) this.#promises.settled(key, offered[at] ?? 0, this.#actual(key));
    }
    for (const [actor, busy] of this.#busy.entries()) if (busy) this.#promises.unanswered(actor);
  }

  /** The promises, for whoever would come now. */
  #check(): void {
    for (const what of READINGS) {
      const offered = this.process.offered(what);
      const held = this.process.held(what);
      for (const [at, key] of keysOf(what).entries()) {
        if (offered !== undefined) this.#promises.offered(key, offered[at] ?? 0, this.#time);
        if (held !== undefined) this.#checkNews(key, held.versions[at] ?? 0, held.node);
      }
    }
  }

  /** Promise (a): what is held is what Redis has, or something is on its way that will tell. */
  #checkNews(key: Key, held: number, node: Node | undefined): void {
    const actual = this.#actual(key);
    if (held === actual || node?.hasNewsOf(key) === true) return;
    const follows = this.#scenario.topology !== 'cluster' && node !== undefined;
    const unapplied = follows ? this.#log.slice(node.server.offset) : [];
    if (unapplied.some(({ changes }) => changes.some((change) => change.key === key))) return;
    this.#promises.stuck(key, held, actual);
  }

  #addSteps(actions: Action[], index: number, node: Node): void {
    const add = (what: string, run: () => void): void => {
      actions.push(this.#action(() => `node ${index} ${what}`, run));
    };
    const { process } = this;
    const { requests, replies, tracked } = node;
    for (const [at, { kind }] of this.#next(requests).entries())
      add(`executes ${at > 0 ? `${kind} ${at}` : kind}`, () => process.execute(node, at));
    for (const [at] of this.#next(replies).entries())
      add(`has its reply ${at > 0 ? `${at} ` : ''}delivered`, () => process.receive(node, at));
    if (tracked === undefined) return;
    if (tracked.hasPending) add('writes its pushes', () => tracked.writePending());
    if (node.ping === 'sent') add('executes PING', () => node.executePing());
    const [next] = tracked.toClient.waiting;
    if (next === undefined || node.isSilent) return;
    add(`has its ${next.kind === 'push' ? `push ${next.key}` : 'PONG'} delivered`, () => {
      const told = tracked.toClient.receive();
      if (told !== undefined) node.told(told);
    });
  }

  /** What can arrive next: the connections of a pool overtake each other. */
  #next<T>({ waiting }: Channel<T>): readonly T[] {
    return this.#scenario.topology === 'pool' ? waiting : waiting.slice(0, 1);
  }

  #action(name: () => string, act: () => void): Action {
    const again = (): void => {
      this.#time++;
      act();
      if (this.#scenario.slowPushes !== true)
        for (const { tracked } of this.process.nodes) tracked?.writePending();
    };
    const run = (): void => {
      again();
      this.#check();
    };
    return { name, run, again };
  }

  #isPossible(step: Step): boolean {
    switch (step.do) {
      case 'abort':
        return this.#busy[step.actor] === true;
      case 'promote':
        return this.#primary === 0 && this.#servers[1]?.offset === this.#log.length;
      case 'move slot':
        return this.#servers[0]?.has('a') === true;
      case 'follow':
        return this.#primary === 1 || this.#servers[1]?.has('a') === true;
      case 'break':
        return this.process.nodes[step.node] !== undefined;
    }
    if (!('node' in step)) return true;
    const node = this.process.nodes[step.node];
    if (node === undefined) return false;
    if (step.do === 'arm') return node.tracked === undefined;
    if (node.tracked === undefined) return false;
    if (step.do === 'idle') return node.ping === 'none' && node.tracked.toClient.isEmpty;
    return step.do !== 'ping' || node.ping === 'none';
  }

  #step(actor: number, step: Step): void {
    this.#at[actor] = (this.#at[actor] ?? 0) + 1;
    this.#busy[actor] = true;
    if (this.#ask(actor, step)) return;
    this.#do(step);
    this.#busy[actor] = false;
  }

  /** @returns whether the step ends with an answer */
  #ask(actor: number, step: Step): boolean {
    const { process } = this;
    if (step.do === 'read') process.read(actor, step.what);
    else if (step.do === 'read past') process.readPast(actor, step.what);
    else if (step.do === 'write') process.write(actor, step.key);
    else if (step.do === 'write unseen') process.writeUnseen(actor, step.key);
    else if (step.do === 'watch' || step.do === 'exec' || step.do === 'select') process.send(actor, step.do);
    else return false;
    return true;
  }

  #do(step: Step): void {
    if (step.do === 'outside write') this.#write(step.key);
    if (step.do === 'outside write that expires') this.#write(step.key, this.#time + step.after);
    if (step.do === 'wipe') this.#change(KEYS, null);
    if (step.do === 'pass') this.#time += step.time;
    if (step.do === 'abort') this.process.abort(step.actor);
    if (step.do === 'promote') this.#promote();
    if (step.do === 'move slot') this.#moveSlot();
    if (step.do === 'follow') this.process.follow();
    if (!('node' in step)) return;
    const node = this.process.nodes[step.node];
    if (node === undefined) throw new Error(`There is no node ${step.node}.`);
    if (step.do === 'break') this.process.break(node);
    if (step.do === 'lose') node.lose();
    if (step.do === 'arm') node.connect();
    if (step.do === 'silence') node.isSilent = true;
    if (step.do === 'ping') node.sendPing();
    if (step.do === 'tick') node.tick();
  }

  #write(key: Key, expiresAt?: number): number {
    return this.#change([key], key, expiresAt);
  }

  /** @returns the version of the first key */
  #change(keys: readonly Key[], pushes: Write['pushes'], expiresAt?: number): number {
    const changes = keys.map((key) => ({ key, version: this.#versionOf(key, this.#time) }));
    const [first] = changes;
    if (first === undefined) throw new Error('A write changes something.');
    const expires =
      expiresAt === undefined ? undefined : { at: expiresAt, version: this.#versionOf(first.key, expiresAt) };
    const write: Write = { changes, pushes, ...(expires === undefined ? {} : { expires }) };
    this.#ownerOf(first.key).apply(write);
    this.#log.push(write);
    return first.version;
  }

  #versionOf(key: Key, at: number): number {
    const version = (this.#versions.get(key) ?? 0) + 1;
    this.#versions.set(key, version);
    this.#promises.written(key, version, at);
    return version;
  }

  /** Who has all there is of a key. */
  #ownerOf(key: Key): ModelServer {
    const owner =
      this.#scenario.topology === 'cluster' ? this.#servers.find((each) => each.has(key)) : undefined;
    const server = owner ?? this.#servers[this.#primary];
    if (server === undefined) throw new Error('There is no server.');
    return server;
  }

  #actual(key: Key): number {
    return this.#ownerOf(key).read(key, this.#time).version;
  }

  /** By hand, with nothing lost: the former primary follows the new one, and no connection breaks. */
  #promote(): void {
    const [former, next] = this.#servers;
    if (former === undefined || next === undefined) return;
    this.#primary = 1;
    next.role = 'master';
    former.role = 'slave';
    former.rank++;
  }

  #moveSlot(): void {
    const [from, to] = this.#servers;
    if (from !== undefined && to !== undefined) to.take(hashSlot('a'), 'a', from);
  }

  #heartbeat(node: Node): void {
    this.#time++;
    if (node.ping === 'none') node.sendPing();
    node.executePing();
    node.tracked?.writePending();
    for (
      let told = node.tracked?.toClient.receive();
      told !== undefined;
      told = node.tracked?.toClient.receive()
    )
      node.told(told);
  }
}
