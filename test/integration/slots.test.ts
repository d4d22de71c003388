// What the server says about the slot of a key, over and over: braces, empty tags, bytes that are no text, and strings
// that clients change on the way. SEED=<number> in the environment repeats a run.

import fc from 'fast-check';
import { createClient } from 'redis-client-v4';
import { hashSlot, hashTag } from 'redis-near-cache';
import { expect, test } from 'vitest';
import { useServer } from '../support/use-server.js';

const KEYS = 100_000;
const BATCH = 10_000;
const seed = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 31));
const server = await useServer('--cluster-enabled', 'yes');

type Key = string | Buffer;

const unit = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom('{', '}', '{}', 'a', 'b') },
  { weight: 1, arbitrary: fc.constantFrom('é', '漢', '🫖', '\u0000', '\r\n', '\ud83d', '\ude00') },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 2 }) },
);
const text = fc.array(unit, { maxLength: 12 }).map((parts) => parts.join(''));
const byte = fc.oneof(fc.constantFrom(0x7b, 0x7d), fc.integer({ min: 0, max: 255 }));
const bytes = fc.array(byte, { maxLength: 16 }).map((values) => Buffer.from(values));

async function slotsByServer(keys: readonly Key[]): Promise<unknown[]> {
  const client = createClient({ url: server.url });
  await client.connect();
  const slots: unknown[] = [];
  for (let from = 0; from < keys.length; from += BATCH) {
    const batch = keys.slice(from, from + BATCH);
    slots.push(...(await Promise.all(batch.map((key) => client.sendCommand(['CLUSTER', 'KEYSLOT', key])))));
  }
  await client.disconnect();
  return slots;
}

test(`the slots of ${KEYS} keys are those of the server (SEED=${seed})`, async () => {
  const random = { seed, numRuns: KEYS };
  const keys: Key[] = fc.sample(fc.oneof<fc.Arbitrary<Key>[]>(text, bytes), random);
  const slots = await slotsByServer(keys);
  const wrong = keys.filter((key, index) => hashSlot(key) !== slots[index]);
  expect(wrong).toEqual([]);
  expect(slots).toHaveLength(KEYS);
  // The sample holds what it is meant to.
  expect(keys.filter((key) => /^[^{]*\{\}.*\}/s.test(key.toString())).length).toBeGreaterThan(1_000);
  expect(keys.filter((key) => typeof key === 'string' && !key.isWellFormed()).length).toBeGreaterThan(1_000);
});

test(`tagged keys live in the slot of their tag (SEED=${seed})`, async () => {
  const tags = fc.sample(text, { seed, numRuns: BATCH });
  const pairs = tags.flatMap((tag) => {
    try {
      return [{ tag, tagged: hashTag('{x}:é}', tag) }];
    } catch {
      return [];
    }
  });
  expect(pairs.length).toBeGreaterThan(1_000);
  const ofTags = await slotsByServer(pairs.map(({ tag }) => tag));
  expect(await slotsByServer(pairs.map(({ tagged }) => tagged))).toEqual(ofTags);
});
