// The fill lock: one key beside the value's, and the scripts by which it is claimed, extended, given back, and used to write
// the value. docs/stampede.md has the argument why nothing old is written over anything newer.

/** Runs a script past the cache, which is told that `changes` are keys it may change. */
export type Run = (
  script: string,
  keys: readonly string[],
  args: readonly string[],
  changes: readonly string[],
) => Promise<unknown>;

/** What a value's key held when a load began: what a fill may write over. */
export interface Baseline {
  /** SHA-1 of its text; empty if there was none. */
  readonly digest: string;
  /** When it expires, by the server's clock, as text; `-1`: never; `0`: not known, before Redis 7. */
  readonly expiresAt: string;
  /** For how long it had still to live; negative if not at all, or for ever. Unit: ms. */
  readonly left: number;
}

/**
 * What a claim found: a value that will do; or the lock, won, or held by another. `left` is what the value's key, or the lock,
 * has left; ms.
 */
export type Claim =
  | { readonly kind: 'found'; readonly text: string; readonly left: number }
  | { readonly kind: 'won'; readonly token: string; readonly baseline: Baseline }
  | { readonly kind: 'held'; readonly token: string; readonly baseline: Baseline; readonly left: number };

/** What became of a fill: written; not, because the lock is another's or gone; not, because the value's key is another than before. */
export type Filled = 'filled' | 'lost' | 'changed';

export interface ClaimTerms {
  readonly token: string;
  /** Unit: ms. */
  readonly ttl: number;
  /** A value with more than this left will do; `undefined`: none will. Unit: ms. */
  readonly enough: number | undefined;
  /** The text of an absence, which will do in any case. */
  readonly nil: string;
  /** Nobody waits for a holder: all share the lock, as a mark that any change takes away. */
  readonly shared: boolean;
}

export interface FillTerms {
  readonly token: string;
  readonly baseline: Baseline;
  /** A value that was there and is gone may have expired: its time is over, and no other reason was heard of. */
  readonly mayExpire: boolean;
  readonly text: string;
  /** 0: the key is deleted. Unit: whole ms. */
  readonly life: number;
}

/** The state of KEYS[1] as `text`, its time left and its expiry. */
const LOOK = `
local text = redis.call('GET', KEYS[1])
local ends = redis.pcall('PEXPIRETIME', KEYS[1])
if type(ends) == 'table' then ends = 0 end
`;

const CLAIM = `${LOOK}
local left = redis.call('PTTL', KEYS[1])
if text and ARGV[3] ~= '' and (text == ARGV[4] or left == -1 or left > tonumber(ARGV[3])) then
  return {'found', text, left}
end
local digest = text and redis.sha1hex(text) or ''
if redis.call('SET', KEYS[2], ARGV[1], 'NX', 'PX', ARGV[2]) then
  return {'won', ARGV[1], digest, tostring(ends), left}
end
if ARGV[5] == '1' then redis.call('PEXPIRE', KEYS[2], ARGV[2]) end
return {'held', redis.call('GET', KEYS[2]), digest, tostring(ends), left, redis.call('PTTL', KEYS[2])}
`;

const FILL = `
if redis.call('GET', KEYS[2]) ~= ARGV[1] then return 'lost' end
redis.call('DEL', KEYS[2])
${LOOK}
local same
if text then
  same = redis.sha1hex(text) == ARGV[2] and tostring(ends) == ARGV[3]
elseif ARGV[2] == '' then
  same = true
else
  local time = redis.call('TIME')
  same = ARGV[4] == '1' and tonumber(ARGV[3]) > 0 and time[1] * 1000 + time[2] / 1000 >= tonumber(ARGV[3])
end
if not same then return 'changed' end
if ARGV[6] == '0' then redis.call('DEL', KEYS[1]) else redis.call('SET', KEYS[1], ARGV[5], 'PX', ARGV[6]) end
return 'filled'
`;

const EXTEND = `
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('PEXPIRE', KEYS[1], ARGV[2])
`;

const RELEASE = `
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('DEL', KEYS[1])
`;

const WRITE = `
redis.call('DEL', KEYS[2])
if ARGV[2] == '0' then return redis.call('DEL', KEYS[1]) end
return redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
`;

/** The lock of one value. */
export class FillLock {
  readonly #key: string;
  readonly #lock: string;
  readonly #run: Run;

  constructor(key: string, lock: string, run: Run) {
    this.#key = key;
    this.#lock = lock;
    this.#run = run;
  }

  /** Looks at the value, and takes the lock if the value will not do: one step for the server. */
  async claim({ token, ttl, enough, nil, shared }: ClaimTerms): Promise<Claim> {
    const needed = enough === undefined ? '' : String(Math.max(0, Math.ceil(enough)));
    // It changes the lock, not the value: what is held of that stays, and stale values are served from memory meanwhile.
    const reply = await this.#run(
      CLAIM,
      [this.#key, this.#lock],
      [token, whole(ttl), needed, nil, shared ? '1' : '0'],
      [this.#lock],
    );
    const [kind, first, digest, expiresAt, left, lockLeft] = reply as unknown[];
    const baseline = { digest: String(digest), expiresAt: String(expiresAt), left: Number(left) };
    switch (String(kind)) {
      case 'found':
        return { kind: 'found', text: String(first), left: Number(digest) };
      case 'won':
        return { kind: 'won', token, baseline };
      default:
        return { kind: 'held', token: String(first), baseline, left: Number(lockLeft) };
    }
  }

  /** Writes the value and gives the lock back, if the lock is still there and the value's key is as it was. */
  async fill({ token, baseline, mayExpire, text, life }: FillTerms): Promise<Filled> {
    const args = [token, baseline.digest, baseline.expiresAt, mayExpire ? '1' : '0', text, whole(life)];
    const keys = [this.#key, this.#lock];
    return String(await this.#run(FILL, keys, args, keys)) as Filled;
  }

  /** @returns whether it was still there */
  async extend(token: string, ttl: number): Promise<boolean> {
    return Number(await this.#run(EXTEND, [this.#lock], [token, whole(ttl)], [this.#lock])) === 1;
  }

  async release(token: string): Promise<void> {
    await this.#run(RELEASE, [this.#lock], [token], [this.#lock]);
  }

  /** Writes a value that is newer than any load under way: their lock goes. */
  async write(text: string, life: number): Promise<void> {
    const keys = [this.#key, this.#lock];
    await this.#run(WRITE, keys, [text, whole(life)], keys);
  }
}

function whole(ms: number): string {
  return String(Math.ceil(ms));
}
