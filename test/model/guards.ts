// The guards that the model covers, each with an edit that takes it out, and the scenario that it is searched in first.
// Whatever is taken out, the search must find an order of events that breaks a promise.

export interface Guard {
  readonly rule: string;
  readonly what: string;
  /** From src/. */
  readonly file: string;
  /** Two guards of which each makes up for the lack of the other are taken out together. */
  readonly edits: readonly (readonly [find: string, replace: string])[];
  readonly scenario: string;
}

const CORE = 'cache/coherence.ts';
const LEASES = 'cache/leases.ts';
const FLIGHTS = 'cache/flights.ts';
const STORE = 'cache/store.ts';
const ENTRY = 'cache/entry.ts';
const SESSION = 'tracking/session.ts';
const ROUTING = 'routing/read-routing.ts';

/** In `Coherence#observed`. */
const NOTE = '    this.detours?.note(key, this.#clock.exact());\n';

export const GUARDS: readonly Guard[] = [
  {
    rule: 'C1',
    what: 'a poisoned reply is not stored',
    file: CORE,
    edits: [['if (flight.poisoned) return false;', '']],
    scenario: 'a change beside reads',
  },
  {
    rule: 'C1',
    what: 'a reply of before a loss is not stored',
    file: CORE,
    edits: [
      ['if (!flight.lease.armed || flight.lease.epoch !== flight.epoch) return false;', ''],
      ['this.#flights.poisonWhere((flight) => flight.lease === lease);', ''],
    ],
    scenario: 'the connection is lost',
  },
  {
    rule: 'C2',
    what: 'a push drops the entry',
    file: CORE,
    edits: [['return this.store.delete(key) || poisoned;', 'return poisoned;']],
    scenario: 'a change beside reads',
  },
  {
    rule: 'C2',
    what: 'a push poisons flights',
    file: CORE,
    edits: [['const poisoned = this.#flights.poison(key);', 'const poisoned = false;']],
    scenario: 'a change beside reads',
  },
  {
    rule: 'C2',
    what: 'a null push empties the cache',
    file: CORE,
    edits: [['this.#flushed(reason, this.store.clear());', '']],
    scenario: 'everything changes',
  },
  {
    rule: 'C2',
    what: 'a null push poisons flights',
    file: CORE,
    edits: [['this.#flights.poisonWhere(() => true);', '']],
    scenario: 'everything changes',
  },
  {
    rule: 'C3',
    what: 'nobody joins what is poisoned',
    file: FLIGHTS,
    edits: [['    flight.poisoned = true;\n    this.remove(flight);', '    flight.poisoned = true;']],
    scenario: 'a read at a replica beside an own write',
  },
  {
    rule: 'C4',
    what: 'an own write drops what is held',
    file: CORE,
    edits: [['    this.drop(key);\n', '']],
    scenario: 'an own write beside another',
  },
  {
    rule: 'C4',
    what: 'nothing is served before what a command of unknown keys did is proven to be applied',
    file: LEASES,
    edits: [[' && provenAsOf >= this.#provenAfter', '']],
    scenario: 'a write of unknown keys',
  },
  {
    rule: 'C5',
    what: 'nothing of before a loss is served after it',
    file: CORE,
    edits: [
      ["    this.#flushLease(lease, 'armed');\n", ''],
      [
        '    this.leases.settle(lease, reason);\n    this.#flushLease(lease, reason);',
        'this.leases.settle(lease, reason);',
      ],
    ],
    scenario: 'the connection is lost, one reads later',
  },
  {
    rule: 'C6',
    what: 'the lease runs out',
    file: LEASES,
    edits: [
      [
        'free ? Math.min(provenAsOf + this.#maxStaleness, Number.MAX_SAFE_INTEGER) : NOT_SERVING',
        'free ? Number.MAX_SAFE_INTEGER : NOT_SERVING',
      ],
    ],
    scenario: 'the connection falls silent',
  },
  {
    rule: 'C6',
    what: 'a PONG proves what was so at the PING before its own',
    file: SESSION,
    edits: [['const proven = this.#answered;', 'const proven = Math.min(sentAt, coversAsOf);']],
    scenario: 'a PONG overtakes a push',
  },
  {
    rule: 'C8',
    what: 'the push of any node drops what another vouches for',
    file: CORE,
    edits: [
      [
        '    const held = this.drop(key);\n    if (prefix === undefined) return;',
        '    const held = this.store.peek(key)?.lease.isReplica ? false : this.drop(key);\n    if (prefix === undefined) return;',
      ],
    ],
    scenario: 'a replica lags',
  },
  {
    rule: 'C9',
    what: 'the lease of a replica is bounded by what it covers',
    file: SESSION,
    edits: [['this.#answered = Math.min(sentAt, coversAsOf);', 'this.#answered = sentAt;']],
    scenario: 'a replica lags for long',
  },
  {
    rule: 'C9',
    what: 'an own write is read at the primary until the replica covers it',
    file: CORE,
    edits: [
      [
        '  change(key: string): void {\n    this.detours?.note(key, this.#clock.exact());',
        '  change(key: string): void {',
      ],
    ],
    scenario: 'own writes with a replica',
  },
  {
    rule: 'C9',
    what: 'so is what was read at the primary',
    file: CORE,
    edits: [['for (const read of [key, ...others]) this.detours.note(read, this.#clock.exact());', '']],
    scenario: 'a replica knows an own write, and not what was read since',
  },
  {
    rule: 'C9',
    what: 'a replica answers only what it covers',
    file: ROUTING,
    edits: [['if (replica.lease.coversAsOf >= since) return replica;', 'return replica;']],
    scenario: 'own writes with a replica',
  },
  {
    rule: 'C10',
    what: 'who answers after another was left out must know what that one knew',
    file: ROUTING,
    edits: [['since = Math.max(since, standing.since);', '']],
    scenario: 'the other replica is lost',
  },
  {
    rule: 'C2',
    what: 'a push poisons the flights that the key is a further one of',
    file: FLIGHTS,
    edits: [['    for (const flight of ofOther ?? []) this.#poison(flight);\n', '']],
    scenario: 'a reply of two keys',
  },
  {
    rule: 'C2',
    what: 'with an entry go the replies of other keys that hang on it',
    file: STORE,
    edits: [['if (reply.others.includes(key)) this.#drop(dependent, entry, reply);', '{}']],
    scenario: 'a reply of two keys',
  },
  {
    rule: 'C7',
    what: 'an entry ends when its key expires',
    file: CORE,
    edits: [['      expiry?.remaining ?? Number.POSITIVE_INFINITY,\n', '']],
    scenario: 'a key expires, and nobody says so',
  },
  {
    rule: 'C8',
    what: 'a node that is no primary any more vouches for nothing',
    file: 'tracking/node-watch.ts',
    edits: [
      [
        "    if (this.#mustBe === 'primary') return { kind: 'deposed', reason: 'it is a replica now' };\n",
        '',
      ],
    ],
    scenario: 'another primary takes over, and the client does not notice',
  },
  {
    rule: 'C8',
    what: 'slots that leave a shard are told',
    file: 'tracking/cluster-watch.ts',
    edits: [['if (before !== undefined && before !== slots) this.#moved(inRanges(slots));', '']],
    scenario: 'a slot moves, and the client does not notice',
  },
  {
    rule: 'C8',
    what: 'what a node vouched for in slots that left it goes',
    file: CORE,
    edits: [['this.store.deleteWhere((key, entry) => entry.lease === lease && doomed(key)),', '0,']],
    scenario: 'a slot moves',
  },
  {
    rule: 'C8',
    what: 'and so do reads on their way',
    file: CORE,
    edits: [
      ['    this.#flights.poisonWhere((flight) => flight.lease === lease && doomed(flight.key));\n', ''],
    ],
    scenario: 'a slot moves',
  },
  {
    rule: 'C11',
    what: 'nothing is served under optimistic locking',
    file: LEASES,
    edits: [['!this.#held && ', '']],
    scenario: 'optimistic locking',
  },
  {
    rule: 'C14',
    what: 'what changes the meaning of keys empties the cache',
    file: CORE,
    edits: [
      [
        '  flush(reason: FlushReason): void {',
        "  flush(reason: FlushReason): void {\n    if (reason === 'connection-state') return;",
      ],
    ],
    scenario: 'another database',
  },
  {
    rule: 'C3',
    what: 'nobody joins a read at a node that may not be served from',
    file: CORE,
    edits: [['|| !this.mayFill(flight.lease, prefix)', '']],
    scenario: 'the connection falls silent',
  },
  {
    rule: 'C9',
    what: 'what a replica covers is told by its offset',
    file: 'tracking/replication.ts',
    edits: [['sample.offset <= offset', 'sample !== undefined']],
    scenario: 'own writes with a replica',
  },
  {
    rule: 'C9',
    what: 'so is what was read past the cache',
    file: CORE,
    edits: [
      [
        `${NOTE}    this.#flights.poison(key);\n    this.store`,
        '    this.#flights.poison(key);\n    this.store',
      ],
    ],
    scenario: 'a read past the cache, and one at a replica',
  },
  {
    rule: 'C10',
    what: 'who has just become fit must know what others answered until then',
    file: ROUTING,
    edits: [['standing.since = now;', '']],
    scenario: 'the other replica is lost',
  },
  {
    rule: '(d)',
    what: 'a read past the cache poisons those on their way',
    file: CORE,
    edits: [[`${NOTE}    this.#flights.poison(key);\n    this.store`, `${NOTE}    this.store`]],
    scenario: 'a slot moves',
  },
  {
    rule: '(d)',
    what: 'what is older than a read past the cache is held back',
    file: ENTRY,
    edits: [
      ['more !== undefined && reply.order < more.floor && this.lease.provenAsOf < more.floorAt', 'false'],
    ],
    scenario: 'a read past the cache',
  },
  {
    rule: '(d)',
    what: 'news by one command casts doubt on what another one read',
    file: ENTRY,
    edits: [['    if (news) this.#suspectOthers(reply, now);\n', '']],
    scenario: 'two commands on one key',
  },
  {
    rule: '(d)',
    what: 'an answer that is not stored was seen all the same',
    file: CORE,
    edits: [
      [
        'for (const seen of [key, ...others]) this.store.suspect(seen, since, this.#clock.exact());',
        'void since;',
      ],
    ],
    scenario: 'two commands on one key at a replica',
  },
  {
    rule: '(d)',
    what: 'where replies come in no order, one that arrives poisons the others',
    file: CORE,
    edits: [
      [
        '      this.#flights.poison(key);\n      for (const other of others) this.#flights.poison(other);\n',
        '',
      ],
    ],
    scenario: 'two commands on one key in a pool',
  },
];
