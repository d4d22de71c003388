// One application server, a process of its own: its client, its readers, and reports of what they saw.

import { setTimeout as delay } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import type { NearCache } from 'redis-near-cache';
import { HOT_KEY, ITEM_KEYS, seededRandom, visits } from './catalogue.js';
import { brief, obey, tell } from './child.js';
import { monotonic } from './clock.js';
import { Carts } from './cluster/carts.js';
import { openClusterShop } from './cluster/shop.js';
import type { Comparison, Order, ServerBrief } from './messages.js';
import { Readers } from './readers.js';
import { openShop, type Shelves, type Shop } from './shop.js';

const REPORT_EVERY = 250;
const VISITS = 100_000;
/** How many visitors want the offer, of 1: on a cluster so many that its shard has next to nothing else to do. */
const HOT_SHARE = { alone: 0.5, cluster: 0.9 };

class ApplicationServer {
  readonly #brief: ServerBrief;
  readonly #visits: readonly string[];
  #shop: Shop | undefined;
  #readers: Readers | undefined;
  #carts: Carts | undefined;

  constructor(assignment: ServerBrief) {
    this.#brief = assignment;
    const share = 'url' in assignment.address ? HOT_SHARE.alone : HOT_SHARE.cluster;
    this.#visits = visits(seededRandom(assignment.seed), VISITS, share);
  }

  async obey(order: Order): Promise<void> {
    switch (order.order) {
      case 'open':
        return this.#open(order.nearCache);
      case 'read':
        this.#carts?.start();
        return this.#readers?.start(this.#brief.readers);
      case 'mark':
        this.report();
        return this.#readers?.stopwatch.mark();
      case 'report':
        return this.report();
      case 'rest':
        await Promise.all([this.#readers?.stop(), this.#carts?.stop()]);
        return this.report();
      case 'compare':
        return this.#compare();
    }
  }

  report(): void {
    if (this.#readers === undefined) return;
    const { stopwatch, sightings, failures } = this.#readers;
    tell({
      kind: 'report',
      at: monotonic(),
      state: this.#shop?.near?.state,
      reads: stopwatch.reads,
      failures,
      stepsBack: sightings.stepsBack,
      prefixes: prefixCounts(this.#shop?.near),
      ...stopwatch.take(),
      sightings: sightings.take(),
    });
  }

  async #open(nearCache: boolean): Promise<void> {
    await this.#shop?.close();
    const shop = await this.#openShop(nearCache);
    this.#shop = shop;
    this.#readers = new Readers(shop, this.#visits);
    const { near } = shop;
    near?.on('state', (change) => tell({ kind: 'state', at: monotonic(), ...change }));
    near?.on('flush', (flush) => tell({ kind: 'flush', ...flush }));
    await near?.ready();
  }

  async #openShop(nearCache: boolean): Promise<Shop> {
    const { address, name, seed } = this.#brief;
    if ('url' in address) return openShop(address.url, name, nearCache);
    const shop = await openClusterShop(address.rootNodes, name, nearCache);
    this.#carts = new Carts(shop.redis, seededRandom(seed));
    return shop;
  }

  /** Pushes on their way and leases may still run out; what differs after that is stuck. */
  async #compare(): Promise<void> {
    if (this.#shop === undefined) return;
    const { lease } = this.#shop;
    const deadline = monotonic() + 2 * lease;
    let comparison = await compare(this.#shop);
    while (comparison.stuck > 0 && monotonic() < deadline) {
      await delay(20);
      comparison = await compare(this.#shop);
    }
    tell(comparison);
  }
}

async function compare(shop: Shop): Promise<Comparison> {
  const { near } = shop;
  const hitsBefore = hits(near);
  const peeked = near?.peek(HOT_KEY);
  const seen = await readAll(shop);
  const fromMemory = hits(near) - hitsBefore;
  const truth = await readAll(shop.raw);
  const differing = truth.filter((value, index) => !isDeepStrictEqual(value, seen[index]));
  const stuckPeek = peeked !== undefined && peeked !== truth[0] ? 1 : 0;
  return { kind: 'compared', keys: truth.length, fromMemory, stuck: differing.length + stuckPeek };
}

/** The hot key's value first. */
function readAll(shelves: Shelves): Promise<unknown[]> {
  return Promise.all([shelves.offer(), ...ITEM_KEYS.map((key) => shelves.item(key))]);
}

function hits(near: NearCache | undefined): number {
  return Object.values(prefixCounts(near)).reduce((sum, prefix) => sum + prefix.hits, 0);
}

function prefixCounts(near: NearCache | undefined): Record<string, { hits: number; reads: number }> {
  const counts: Record<string, { hits: number; reads: number }> = {};
  for (const [name, prefix] of Object.entries(near?.stats().prefixes ?? {})) {
    const reads = prefix.hits + prefix.misses + prefix.coalesced + prefix.bypassed;
    counts[name] = { hits: prefix.hits, reads };
  }
  return counts;
}

const server = new ApplicationServer(brief<ServerBrief>());
obey((order) => server.obey(order));
setInterval(() => server.report(), REPORT_EVERY);
