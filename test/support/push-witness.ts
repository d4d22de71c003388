// A connection that hears every invalidation of a server, for tests of what the server pushes.

import { createClient } from '@redis/client';

export interface PushWitness {
  /** Which keys were pushed since the last call; `null` among them stands for all. */
  pushed(): Promise<readonly (string | null)[]>;
  close(): void;
}

export async function witnessPushes(url: string): Promise<PushWitness> {
  const client = createClient({ url, RESP: 3, emitInvalidate: true, maintNotifications: 'disabled' });
  client.on('error', () => {});
  let keys: (string | null)[] = [];
  client.on('invalidate', (key: Buffer | string | null) => keys.push(key === null ? null : key.toString()));
  await client.connect();
  // The client has turned on the other mode by itself.
  await client.sendCommand(['CLIENT', 'TRACKING', 'OFF']);
  await client.sendCommand(['CLIENT', 'TRACKING', 'ON', 'BCAST']);
  return {
    async pushed() {
      // What was written before the first is pushed before the second is answered.
      await client.ping();
      await client.ping();
      const heard = keys;
      keys = [];
      return heard;
    },
    close: () => client.destroy(),
  };
}
