// The guards that the model covers, each with an edit that takes it out. Whatever is taken out, the search must find an
// order of events that breaks a promise.

export interface Guard {
  readonly rule: string;
  readonly what: string;
  /** From src/. */
  readonly file: string;
  /** Two guards of which each makes up for the lack of the other are taken out together. */
  readonly edits: readonly (readonly [find: string, replace: string])[];
}

const CORE = 'cache/coherence.ts';
const LEASES = 'cache/leases.ts';
const SESSION = 'tracking/session.ts';
const ROUTING = 'routing/read-routing.ts';

export const GUARDS: readonly Guard[] = [
  {
    rule: 'C1',
    what: 'a poisoned reply is not stored',
    file: CORE,
    edits: [['if (flight.poisoned) return false;', '']],
  },
  {
    rule: 'C1',
    what: 'a reply of before a loss is not stored',
    file: CORE,
    edits: [
      ['if (!flight.lease.armed || flight.lease.epoch !== flight.epoch) return false;', ''],
      ['this.#flights.poisonWhere((flight) => flight.lease === lease);', ''],
    ],
  },
  {
    rule: 'C2',
    what: 'a push drops the entry',
    file: CORE,
    edits: [['return this.store.delete(key) || poisoned;', 'return poisoned;']],
  },
  {
    rule: 'C2',
    what: 'a push poisons flights',
    file: CORE,
    edits: [['const poisoned = this.#flights.poison(key);', 'const poisoned = false;']],
  },
  {
    rule: 'C2',
    what: 'a null push empties the cache',
    file: CORE,
    edits: [['this.#flushed(reason, this.store.clear());', '']],
  },
  {
    rule: 'C2',
    what: 'a null push poisons flights',
    file: CORE,
    edits: [['this.#flights.poisonWhere(() => true);', '']],
  },
  {
    rule: 'C3',
    what: 'nobody joins what is poisoned',
    file: 'cache/flights.ts',
    edits: [['    flight.poisoned = true;\n    this.remove(flight);', '    flight.poisoned = true;']],
  },
  {
    rule: 'C4',
    what: 'an own write drops what is held',
    file: CORE,
    edits: [['    this.drop(key);\n', '']],
  },
  {
    rule: 'C4',
    what: 'nothing is served before what a command of unknown keys did is proven to be applied',
    file: LEASES,
    edits: [[' && provenAsOf >= this.#provenAfter', '']],
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
  },
  {
    rule: 'C6',
    what: 'a PONG proves what was so at the PING before its own',
    file: SESSION,
    edits: [['const proven = this.#answered;', 'const proven = Math.min(sentAt, coversAsOf);']],
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
  },
  {
    rule: 'C9',
    what: 'the lease of a replica is bounded by what it covers',
    file: SESSION,
    edits: [['this.#answered = Math.min(sentAt, coversAsOf);', 'this.#answered = sentAt;']],
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
  },
  {
    rule: 'C9',
    what: 'so is what was read at the primary',
    file: CORE,
    edits: [['for (const read of [key, ...others]) this.detours.note(read, this.#clock.exact());', '']],
  },
  {
    rule: 'C9',
    what: 'a replica answers only what it covers',
    file: ROUTING,
    edits: [['return replica.lease.coversAsOf >= since ? replica : undefined;', 'return replica;']],
  },
  {
    rule: 'C10',
    what: 'who answers after another was left out must know what that one knew',
    file: ROUTING,
    edits: [['since = Math.max(since, standing.since);', '']],
  },
];
