// The writer, a process of its own: it changes price and stock of the offer and of the catalogue, and says when the
// server acknowledged each version of the offer.

import { setTimeout as delay } from 'node:timers/promises';
import { createClient } from 'redis-client-v4';
import { HOT_KEY, ITEM_KEYS, itemLottery, type Offer, seededRandom } from './catalogue.js';
import { brief, obey, tell } from './child.js';
import { monotonic } from './clock.js';
import type { Order, WriterBrief } from './messages.js';

/** Time between two changes of the offer, and of some item. Unit: ms. */
const OFFER_EVERY = 100;
const ITEM_EVERY = 10;

class Writer {
  readonly #redis: ReturnType<typeof createClient>;
  readonly #random: () => number;
  readonly #drawItem: () => string;
  #version = 0;
  #selling = false;
  #writing: Promise<unknown> = Promise.resolve();

  constructor({ url, seed }: WriterBrief) {
    this.#redis = createClient({ url, name: 'flash-sale:writer', socket: { reconnectStrategy: false } });
    this.#redis.on('error', (error) => {
      throw error;
    });
    this.#random = seededRandom(seed);
    this.#drawItem = itemLottery(this.#random);
  }

  async obey({ order }: Order): Promise<void> {
    switch (order) {
      case 'stock':
        await this.#redis.connect();
        await Promise.all([this.#writeOffer(), ...ITEM_KEYS.map((key) => this.#writeItem(key))]);
        return;
      case 'sell':
        this.#selling = true;
        this.#writing = Promise.all([
          this.#repeat(OFFER_EVERY, () => this.#writeOffer()),
          this.#repeat(ITEM_EVERY, () => this.#writeItem(this.#drawItem())),
        ]);
        return;
      case 'rest':
        this.#selling = false;
        await this.#writing;
    }
  }

  async #repeat(period: number, write: () => Promise<void>): Promise<void> {
    while (this.#selling) {
      await write();
      await delay(period);
    }
  }

  async #writeOffer(): Promise<void> {
    const version = ++this.#version;
    const offer: Offer = { version, ...this.#product() };
    await this.#redis.set(HOT_KEY, JSON.stringify(offer));
    tell({ kind: 'acknowledged', version, at: monotonic() });
  }

  async #writeItem(key: string): Promise<void> {
    await this.#redis.hSet(key, this.#product());
  }

  #product(): { writtenAt: number; price: number; stock: number } {
    const price = Math.round(10_000 * (0.5 + this.#random())) / 100;
    return { writtenAt: monotonic(), price, stock: Math.floor(this.#random() * 1_000) };
  }
}

const assignment = brief<WriterBrief>();
const writer = new Writer(assignment);
// A parent that was killed outright can't stop the server that it started; this process then does.
obey(
  (order) => writer.obey(order),
  () => {
    if (assignment.redisPid !== undefined) process.kill(assignment.redisPid, 'SIGKILL');
  },
);
