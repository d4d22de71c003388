// How an option is checked: what it takes, what it is told, and the message that names both. Knows no option of anybody.

import { NearCacheError } from './errors.js';
import { redacted, shown } from './redaction.js';

/** The longest delay a Node.js timer can hold. Unit: ms. */
export const TIMER_MAX = 2_147_483_647;

/** What an option takes. */
export interface Check {
  readonly expected: string;
  readonly accepts: (value: unknown) => boolean;
  /** Credentials are named in messages, never shown. */
  readonly secret?: boolean;
}

export const whole = (min: number, max: number, unit: string): Check => ({
  expected: `a whole number of ${unit} from ${min} to ${max}`,
  accepts: (value) => Number.isInteger(value) && (value as number) >= min && (value as number) <= max,
});
export const duration = (min: number): Check => ({
  expected: `a number of milliseconds from ${min} to ${TIMER_MAX}`,
  accepts: (value) => typeof value === 'number' && value >= min && value <= TIMER_MAX,
});
export const boolean: Check = { expected: 'true or false', accepts: (value) => typeof value === 'boolean' };
export const text: Check = { expected: 'a string', accepts: (value) => typeof value === 'string' };
export const secret: Check = { ...text, secret: true };
export const func: Check = { expected: 'a function', accepts: (value) => typeof value === 'function' };
export const record: Check = {
  expected: 'an object',
  accepts: (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
};
/** What somebody may put a URL in by mistake. */
export const secretRecord: Check = { ...record, secret: true };
export const socket: Check = {
  expected: 'an object, its host without @ and /',
  accepts: (value) => record.accepts(value) && !/[@/]/.test(String(Reflect.get(value as object, 'host'))),
  secret: true,
};
export const wellFormed: Check = {
  expected: 'a string without lone surrogates',
  accepts: (value) => typeof value === 'string' && value.isWellFormed(),
};

export function hasMethods(value: unknown, ...names: string[]): boolean {
  return (
    typeof value === 'object' &&
    value !== null &&
    names.every((name) => typeof Reflect.get(value, name) === 'function')
  );
}

/** What takes values of a type has these. */
export const CODEC_CHECKS: Readonly<Record<string, Check>> = {
  codec: {
    expected: 'an object with the methods decode and encode',
    accepts: (value) => hasMethods(value, 'decode', 'encode'),
  },
  schema: {
    expected: 'a validator that follows Standard Schema',
    accepts: (value) =>
      (typeof value === 'object' || typeof value === 'function') &&
      value !== null &&
      hasMethods(Reflect.get(value, '~standard'), 'validate'),
  },
};

/** @throws NearCacheError `ERR_NEAR_OPTION` for a name that is unknown or a value that does not fit. */
export function assertAll(path: string, given: object, checks: Readonly<Record<string, Check>>): void {
  for (const [name, value] of Object.entries(given)) {
    if (!Object.hasOwn(checks, name)) {
      const known = Object.keys(checks).join(', ');
      throw new NearCacheError(
        'ERR_NEAR_OPTION',
        `Unknown option ${path}${redacted(name)}. Known here: ${known}.`,
      );
    }
    const check = checks[name];
    if (check !== undefined && value !== undefined) assertOption(path + name, value, check);
  }
}

/** @throws NearCacheError `ERR_NEAR_OPTION` that names the option, what it takes and what came. */
export function assertOption(name: string, value: unknown, check: Check): void {
  if (check.accepts(value)) return;
  const received = check.secret ? `a value of type ${typeof value}` : shown(value);
  throw new NearCacheError(
    'ERR_NEAR_OPTION',
    `Option ${name} must be ${check.expected}; received ${received}.`,
  );
}
