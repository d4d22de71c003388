// What must never be shown: credentials in texts and errors that come from servers, sockets, providers and callers. Knows how
// these repeat what they were given, not what it is for.

const HIDDEN = '[hidden]';

/**
 * Hides what is known to repeat credentials: URLs; servers and proxies that do not know HELLO or AUTH and answer with its
 * arguments, cut after so many bytes, so that a long token is not found as a whole; NOPERM of newer servers, with the user.
 */
export function redacted(text: string): string {
  return text
    .replace(/\b((?:rediss?|valkeys?|unix|https?):\/\/)[^\n]*@/gi, `$1${HIDDEN}@`)
    .replace(/(\bargs beginning with:).*/is, `$1 ${HIDDEN}`)
    .replace(/^(\w+: )?(NOPERM User ).*?( has no permissions)/s, `$1$2${HIDDEN}$3`);
}

/** What somebody passed where it does not fit, for the message that says so. */
export function shown(value: unknown): string {
  if (typeof value === 'string') {
    const text = value.replace(/^.*@/s, `${HIDDEN}@`);
    return JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}…` : text);
  }
  if (typeof value === 'function') return 'a function';
  if (Array.isArray(value)) return `an array of ${value.length}`;
  if (typeof value === 'object' && value !== null)
    return `an object with ${Object.keys(value).join(', ') || 'no keys'}`;
  return String(value);
}

/**
 * An error without credentials, in its message, stack, cause and whatever else it carries: the same one if it shows none,
 * else a copy of the same class. What is no error or text stays as it is.
 */
export function withoutCredentials<T>(given: T, hide: (text: string) => string = redacted): T {
  return hidden(given, hide, new Map()) as T;
}

/** The same, in the error itself: for one that is handed on elsewhere as well. */
export function hideCredentialsOf(error: Error): void {
  const { message, stack } = withoutCredentials(error);
  Object.assign(error, { message, stack });
}

/** `done` has what was found within the same error; nothing stands for what leads back to where it began. */
function hidden(given: unknown, hide: (text: string) => string, done: Map<object, unknown>): unknown {
  if (typeof given === 'string') return hide(given);
  if (!Array.isArray(given) && !(given instanceof Error)) return given;
  if (done.has(given)) return done.get(given);
  done.set(given, undefined);
  const result = given instanceof Error ? hiddenError(given, hide, done) : hiddenItems(given, hide, done);
  done.set(given, result);
  return result;
}

function hiddenItems(
  given: unknown[],
  hide: (text: string) => string,
  done: Map<object, unknown>,
): unknown[] {
  const items = given.map((item) => hidden(item, hide, done));
  return items.some((item, at) => item !== given[at]) ? items : given;
}

function hiddenError(given: Error, hide: (text: string) => string, done: Map<object, unknown>): Error {
  const own = Object.getOwnPropertyDescriptors(given);
  let isSame = true;
  for (const [name, { enumerable = false }] of Object.entries(own)) {
    const before: unknown = Reflect.get(given, name);
    const value = hidden(before, hide, done);
    if (value !== before) isSame = false;
    // Newer engines keep the stack behind an accessor that works on the error itself only.
    own[name] = { value, writable: true, enumerable, configurable: true };
  }
  return isSame ? given : (Object.create(Object.getPrototypeOf(given), own) as Error);
}

/** Shorter ones protect nothing, and hiding them would make any text unreadable. */
const SHORTEST = 4;

/** The credentials of one connection, as far as they are known: hidden wherever they turn up. */
export class Secrets {
  readonly #written: readonly unknown[];
  #known: readonly string[];

  constructor(written: readonly unknown[]) {
    this.#written = written;
    this.#known = worthHiding(written);
  }

  /** What a provider says now, instead of what it said before. */
  note(given: readonly unknown[]): void {
    this.#known = worthHiding([...this.#written, ...given]);
  }

  hideIn<T>(given: T): T {
    return withoutCredentials(given, (text) =>
      this.#known.reduce((rest, secret) => rest.replaceAll(secret, HIDDEN), redacted(text)),
    );
  }
}

/** As they are, and as they stand in a URL; longest first, because one may be part of another. */
function worthHiding(given: readonly unknown[]): string[] {
  return given
    .filter((text): text is string => typeof text === 'string' && text.length >= SHORTEST)
    .filter((text) => text !== 'default')
    .flatMap((text) => [text, encodeURIComponent(text.toWellFormed())])
    .sort((a, b) => b.length - a.length);
}
