// What the near cache is told of the data client, of which it knows nothing else.

import type { Connections } from './connections/connections.js';

/** What the near cache needs to know of the data client. */
export interface ClientFacts {
  readonly keyPrefix: string;
  readonly connections: Connections;
  /** The types of its replies, where they are not node-redis' defaults. */
  readonly types: () => string;
  readonly queueIsBounded: () => boolean;
  /** The near cache was closed for good. */
  readonly onClose: () => void;
}
