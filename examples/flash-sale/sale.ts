// The sale as a whole: Redis, the child processes and what is known of them, gathered several times a second and put
// on the screen. What is played is written in acts.ts.

import type { Settings } from './arguments.js';
import { monotonic } from './clock.js';
import { Fleet } from './fleet.js';
import { count, paint, seconds } from './format.js';
import { HotGets } from './hot-gets.js';
import { Incidents } from './incidents.js';
import { LiveView } from './live-view.js';
import type { Comparison, Order, ServerMessage, StateChange } from './messages.js';
import type { RedisOfTheSale } from './redis-of-the-sale.js';
import { Scoreboard } from './scoreboard.js';
import { Staleness } from './staleness.js';

const LOOK_EVERY = 250;

export class Sale {
  readonly view = new LiveView();
  readonly scoreboard = new Scoreboard();
  readonly staleness = new Staleness();
  readonly incidents: Incidents;
  readonly comparisons: Comparison[] = [];
  readonly redis: RedisOfTheSale;
  /** Connection names of the application servers. */
  readonly names: readonly string[];
  readonly #fleet: Fleet;
  readonly #openedAt = monotonic();
  readonly #ticker: NodeJS.Timeout;
  readonly #hotGets: HotGets;
  #showing = false;

  /** @param failed something ended that the sale can't go on without */
  constructor(redis: RedisOfTheSale, settings: Settings, failed: (error: Error) => void) {
    const { workers, seed, readers } = settings;
    this.redis = redis;
    this.incidents = new Incidents(workers);
    this.names = Array.from({ length: workers }, (_, index) => `flash-sale:${process.pid}:app-${index + 1}`);
    this.#fleet = new Fleet(
      this.names.map((name, index) => ({ url: redis.url, name, readers, seed: seed + index + 1 })),
      { url: redis.url, seed, redisPid: redis.pid },
      {
        server: (server, message) => this.#heard(server, message),
        writer: (acknowledgement) => this.staleness.acknowledged(acknowledgement),
        crashed: failed,
      },
    );
    this.#hotGets = new HotGets(redis);
    this.#ticker = setInterval(() => {
      this.#hotGets.ask().catch(failed);
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
        if (message.entries > 0) this.note(`app ${server + 1}  flushed ${count(message.entries)} entries`);
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
      hotGetsPerSecond: this.#hotGets.perSecond,
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
