// One registered prefix: its settings and its counters, on one object so that an entry reaches its counters
// without a search.

/** Settings of a prefix with the cache's own settings filled in. */
export interface PrefixSettings {
  readonly ttl: number;
  readonly maxEntries: number | undefined;
  readonly cacheNil: boolean;
}

export class Prefix implements PrefixSettings {
  readonly name: string;
  ttl: number;
  maxEntries: number | undefined;
  cacheNil: boolean;

  /** Somebody asks when its keys expire: what was learnt with a reply is kept. */
  keepsExpiry = false;

  hits = 0;
  misses = 0;
  coalesced = 0;
  bypassed = 0;
  fills = 0;
  discardedFills = 0;
  invalidations = 0;
  wastedInvalidations = 0;
  evictions = 0;
  entries = 0;

  constructor(name: string, settings: PrefixSettings) {
    this.name = name;
    this.ttl = settings.ttl;
    this.maxEntries = settings.maxEntries;
    this.cacheNil = settings.cacheNil;
  }

  configure({ ttl, maxEntries, cacheNil }: PrefixSettings): void {
    this.ttl = ttl;
    this.maxEntries = maxEntries;
    this.cacheNil = cacheNil;
  }
}
