// The origin: a shop's tables in SQLite, and a counter of the queries that it had to answer.

import initSqlite, { type Database } from 'sql.js';

/** A row of the catalogue, with what its page shows beside it. */
export interface Product {
  readonly id: string;
  readonly name: string;
  readonly cents: number;
  readonly sold: number;
}

const PRODUCTS = ['teapot', 'cup', 'saucer', 'kettle'];

export class CountedDatabase {
  queries = 0;
  readonly #sqlite: Database;

  private constructor(sqlite: Database) {
    this.#sqlite = sqlite;
  }

  /** @param orders how many there are: the more, the longer a query takes */
  static async open(orders: number): Promise<CountedDatabase> {
    const { Database } = await initSqlite();
    const sqlite = new Database();
    sqlite.run('CREATE TABLE product (id TEXT PRIMARY KEY, name TEXT, cents INTEGER)');
    sqlite.run('CREATE TABLE item (product TEXT, count INTEGER)');
    sqlite.run('BEGIN');
    for (const [at, name] of PRODUCTS.entries()) {
      sqlite.run('INSERT INTO product VALUES (?, ?, ?)', [String(at + 1), name, 1_000 + 500 * at]);
    }
    const insert = sqlite.prepare('INSERT INTO item VALUES (?, ?)');
    for (let at = 0; at < orders; at++) insert.run([String((at % PRODUCTS.length) + 1), (at % 3) + 1]);
    insert.free();
    sqlite.run('COMMIT');
    return new CountedDatabase(sqlite);
  }

  /** A product and how many were sold: looks at every order there is, as a report without an index does. */
  product(id: string): Product | null {
    this.queries++;
    const query = this.#sqlite.prepare(
      `SELECT product.id, name, cents, (SELECT SUM(count) FROM item WHERE item.product = product.id) AS sold
       FROM product WHERE product.id = ?`,
    );
    try {
      query.bind([id]);
      return query.step() ? (query.getAsObject() as unknown as Product) : null;
    } finally {
      query.free();
    }
  }

  sell(id: string): void {
    this.#sqlite.run('INSERT INTO item VALUES (?, 1)', [id]);
  }
}
