// The sale as a whole: Redis, the child processes and what is known of them, gathered several times a second and put
// on the screen. What is played is written in acts.ts.

import type { Settings } from './arguments.js';
import { monotonic } from './clock.js';
import { Fleet } from './fleet.js';
import { count, paint, seconds } from './format.js';
import type { Gauges } from './gauges.js';
import { Incidents } from './incidents.js';
import { LiveView } from './live-view.js';
import type { Comparison, Order, RedisAddress, ServerMessage, StateChange } from './messages.js';
import { Scoreboard } from './scoreboard.js';
import { Staleness } from './staleness.js';

const LOOK_EVERY = 250;

/** The server, or servers, that a sale runs on. */
export interface Stage {
  readonly address: RedisAddress;
  /** The process that has to end with the sale, if there is one. */
  readonly pid: number | undefined;
  readonly gauges: Gauges;
  /** No reader with a near cache may see what was replaced longer ago than this. Unit: ms. */
  readonly lease: number;
}

export class Sale<S extends Stage> {
  readonly view: LiveView;
  readonly scoreboard = new Scoreboard();
  readonly staleness = new Staleness();
  readonly incidents: Incidents;
  readonly comparisons: Comparison[] = [];
  readonly redis: S;
  /** Connection names of the application servers. */
  readonly names: readonly string[];
  readonly #fleet: Fleet;
  readonly #openedAt = monotonic();
  readonly #ticker: NodeJS.Timeout;
  #showing = false;

  /** @param failed something ended that the sale can't go on without */
  constructor(redis: S, settings: Settings, failed: (error: Error) => void) {
    const { workers, seed, readers } = settings;
    this.redis = redis;
    this.view = new LiveView(redis.lease);
    this.incidents = new Incidents(workers);
    this.names = Array.from({ length: workers }, (_, index) => `flash-sale:${process.pid}:app-${index + 1}`);
    this.#fleet = new Fleet(
      this.names.map((name, index) => ({
        address: redis.address,
        name,
        readers,
        seed: seed + index + 1,
      })),
      { address: redis.address, seed, redisPid: redis.pid },
      {
        server: (server, message) => this.#heard(server, message),
        writer: (acknowledgement) => this.staleness.acknowledged(acknowledgement),
        crashed: failed,
      },
    );
    this.#ticker = setInterval(() => {
      redis.gauges.ask().catch(failed);
      this.#look();
    }, LOOK_EVERY);
  }

  /** Resolves when every application server has carried it out. */
  servers(order: Order): Promise<void> {
    return this.#fleet.servers(order);
  }

  writer(order: Order): Promise<void> {
    return this.#fleet.writer(order);
  }

  /** Whether figures are on the screen: they say nothing before the readers read. */
  showFigures(showing: boolean): void {
    this.#showing = showing;
    if (!showing) this.view.end();
  }

  /** Prints something that happened, with its time. */
  note(text: string): void {
    this.view.say(`${paint('dim', seconds(monotonic() - this.#openedAt).padStart(8))}  ${text}`);
  }

  /** Redis is closed by whoever opened it. */
  close(): void {
    clearInterval(this.#ticker);
    this.view.end();
    this.#fleet.kill();
  }

  #heard(server: number, message: ServerMessage): void {
    switch (message.kind) {
      case 'report':
        this.scoreboard.reported(server, message);
        this.staleness.saw(message.sightings);
        return;
      case 'state':
        this.incidents.changed(server, message);
        this.note(describe(server, message));
        return;
      case 'flush':
        this.incidents.flushed(message);
        if (message.entries > 0)
          this.note(`app ${server + 1}  flushed ${count(message.entries)} entries (${message.reason})`);
        return;
      case 'compared':
        this.comparisons.push(message);
    }
  }

  #look(): void {
    if (!this.#showing) return;
    this.view.show({
      elapsed: monotonic() - this.#openedAt,
      score: this.scoreboard.recent(),
      gauges: this.redis.gauges.read(),
      worstStaleness: this.staleness.worst(),
      states: this.scoreboard.states,
    });
  }
}

function describe(server: number, { from, to, reason }: StateChange): string {
  const arrow = `app ${server + 1}  ${from} → ${to} (${reason})`;
  if (to === 'serving') return paint('green', arrow);
  return to === 'bypass' ? paint('yellow', arrow) : arrow;
}
