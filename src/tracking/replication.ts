// What a replica covers (rule C9), by offsets: a primary says how far it had written at a moment, a replica how far it
// has applied. Offsets of another replication history say nothing. Pure state.
// Source: INFO replication, https://redis.io/docs/latest/commands/info/ . ROLE has the offsets too, but not the name of
// the history: a replica that was pointed at another primary would seem to cover what it never saw.

import {
  type Answers,
  AUTHORITY,
  judgeError,
  type NodeWatch,
  none,
  nonsense,
  type Verdict,
} from './node-watch.js';

/** A replica as its primary knows it. */
export interface Attached {
  readonly host: string;
  readonly port: number;
}

interface Sample {
  readonly askedAt: number;
  readonly offset: number;
}

/** One for each question to the primary at another offset; the oldest make room: a replica behind them covers nothing. */
const MAX_SAMPLES = 1_000;

/** How far a primary had written, and when it was asked. */
export class WrittenOffsets {
  #history = '';
  #samples: Sample[] = [];

  note(history: string, offset: number, askedAt: number): void {
    if (history !== this.#history) this.#samples = [];
    this.#history = history;
    const last = this.#samples.at(-1);
    // Whoever covers the older of two equal ones covers the newer.
    if (last?.offset === offset) this.#samples.pop();
    this.#samples.push({ askedAt, offset });
    if (this.#samples.length > MAX_SAMPLES) this.#samples.shift();
  }

  /** Whether the primary is known to write another history. */
  isOther(history: string): boolean {
    return this.#history !== '' && history !== this.#history;
  }

  /** The latest moment up to which a replica at this offset has applied everything. */
  coveredBy(history: string, offset: number): number {
    if (history !== this.#history) return Number.NEGATIVE_INFINITY;
    return this.#samples.findLast((sample) => sample.offset <= offset)?.askedAt ?? Number.NEGATIVE_INFINITY;
  }
}

const QUESTIONS = [['INFO', 'replication']];

/** Watches a primary whose replicas are read from. */
export class PrimaryWatch implements NodeWatch {
  readonly questions = QUESTIONS;
  readonly #offsets: WrittenOffsets;
  readonly #attached: (replicas: readonly Attached[]) => void;

  /** `attached` is told with every heartbeat which replicas are there. */
  constructor(offsets: WrittenOffsets, attached: (replicas: readonly Attached[]) => void) {
    this.#offsets = offsets;
    this.#attached = attached;
  }

  reset(): void {}

  judge({ answers: [answer], askedAt }: Answers): Verdict {
    if (answer instanceof Error) return judgeError(answer);
    const info = fieldsOf(answer);
    const role = info.get('role');
    if (role === 'slave') return { kind: 'deposed', reason: 'it is a replica now' };
    const history = info.get('master_replid');
    const offset = Number(info.get('master_repl_offset'));
    if (role !== 'master' || history === undefined || !Number.isSafeInteger(offset))
      return nonsense('INFO replication');
    this.#offsets.note(history, offset, askedAt);
    this.#attached(attachedIn(info));
    return AUTHORITY;
  }
}

/** Watches a replica that is read from. */
export class ReplicaWatch implements NodeWatch {
  readonly questions = QUESTIONS;
  readonly #written: WrittenOffsets;

  constructor(written: WrittenOffsets) {
    this.#written = written;
  }

  reset(): void {}

  judge({ answers: [answer] }: Answers): Verdict {
    if (answer instanceof Error) return judgeError(answer);
    const info = fieldsOf(answer);
    const role = info.get('role');
    if (role === 'master') return { kind: 'deposed', reason: 'it is a primary now' };
    if (role !== 'slave') return nonsense('INFO replication');
    if (info.get('master_link_status') !== 'up') return none('its link to the primary is down');
    const history = info.get('master_replid') ?? '';
    if (this.#written.isOther(history))
      return { kind: 'deposed', reason: 'it follows another primary, or its primary began anew' };
    const coversAsOf = this.#written.coveredBy(history, Number(info.get('slave_repl_offset')));
    if (coversAsOf === Number.NEGATIVE_INFINITY)
      return none('it has applied nothing of what its primary has');
    return { kind: 'authority', coversAsOf };
  }
}

function fieldsOf(info: unknown): Map<string, string> {
  const fields = new Map<string, string>();
  if (typeof info !== 'string') return fields;
  for (const line of info.split(/\r?\n/)) {
    const colon = line.indexOf(':');
    if (colon > 0) fields.set(line.slice(0, colon), line.slice(colon + 1));
  }
  return fields;
}

/** `slave0:ip=127.0.0.1,port=6380,state=online,offset=42,lag=0` */
function attachedIn(info: Map<string, string>): Attached[] {
  const attached: Attached[] = [];
  for (const [name, value] of info) {
    if (!/^slave\d+$/.test(name)) continue;
    const fields = new Map(value.split(',').map((field) => field.split('=', 2) as [string, string]));
    const host = fields.get('ip');
    const port = Number(fields.get('port'));
    if (host !== undefined && port > 0 && fields.get('state') === 'online') attached.push({ host, port });
  }
  return attached;
}
