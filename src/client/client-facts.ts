// What the near cache is told of the data client, of which it knows nothing else.

import type { Connections } from './connections/connections.js';

/** What the near cache needs to know of the data client. */
export interface ClientFacts {
  readonly keyPrefix: string;
  readonly connections: Connections;
  /** The name of its replies to GET; see `replyId`. */
  readonly idOfGet: () => string;
  readonly queueIsBounded: () => boolean;
  /** The near cache was closed for good. */
  readonly onClose: () => void;
}
