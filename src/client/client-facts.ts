// What the near cache is told of the data client, of which it knows nothing else.

import type { TrackedNode } from '../tracking/nodes.js';

/** What the near cache needs to know of the data client. */
export interface ClientFacts {
  readonly keyPrefix: string;
  readonly isOrdered: boolean;
  /** The types of its replies, where they are not node-redis' defaults. */
  readonly types: () => string;
  readonly queueIsBounded: () => boolean;
  /** The nodes that are read from now. */
  readonly nodes: () => readonly TrackedNode[] | Promise<readonly TrackedNode[]>;
  /** Whether they may change while the client is connected. */
  readonly nodesChange: boolean;
  /** Names the node that a key is read from; `undefined` while that is not known. */
  readonly nodeOf: (key: string) => string | undefined;
  /** The near cache was closed for good. */
  readonly onClose: () => void;
}
