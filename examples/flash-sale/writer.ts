// The writer, a process of its own: it changes price and stock of the offer and of the catalogue, and says when the
// server acknowledged each version of the offer.

import { setTimeout as delay } from 'node:timers/promises';
import { ITEM_KEYS, itemLottery, type Offer, type Product, seededRandom } from './catalogue.js';
import { brief, obey, tell } from './child.js';
import { monotonic } from './clock.js';
import { openClusterTill } from './cluster/till.js';
import type { Order, WriterBrief } from './messages.js';
import { openTill, type Till } from './till.js';

class Writer {
  readonly #till: Till;
  readonly #random: () => number;
  readonly #drawItem: () => string;
  #version = 0;
  #selling = false;
  #writing: Promise<unknown> = Promise.resolve();

  constructor({ address, seed }: WriterBrief) {
    this.#till = 'url' in address ? openTill(address.url) : openClusterTill(address.rootNodes);
    this.#random = seededRandom(seed);
    this.#drawItem = itemLottery(this.#random);
  }

  async obey({ order }: Order): Promise<void> {
    switch (order) {
      case 'stock':
        await this.#till.connect();
        await Promise.all([this.#writeOffer(), ...ITEM_KEYS.map((key) => this.#writeItem(key))]);
        return;
      case 'sell':
        this.#selling = true;
        this.#writing = Promise.all([
          this.#repeat(this.#till.offerEvery, () => this.#writeOffer()),
          this.#repeat(this.#till.itemEvery, () => this.#writeItem(this.#drawItem())),
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
    const replaced = await this.#till.writeOffer(offer);
    tell({ kind: 'acknowledged', version, at: monotonic(), replaced });
  }

  async #writeItem(key: string): Promise<void> {
    await this.#till.writeItem(key, this.#product());
  }

  #product(): Product {
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
