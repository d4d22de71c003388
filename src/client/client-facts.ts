// What the near cache is told of the data client, of which it knows nothing else.

import type { Endpoint } from '../tracking/endpoint.js';

/** What the near cache needs to know of the data client. */
export interface ClientFacts {
  readonly keyPrefix: string;
  readonly isOrdered: boolean;
  readonly queueIsBounded: () => boolean;
  readonly endpoint: () => Endpoint | Promise<Endpoint>;
  /** The near cache was closed for good. */
  readonly onClose: () => void;
}
