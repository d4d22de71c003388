// What is hidden in texts and errors, and what stays as it is.

import { NearCacheError } from 'redis-near-cache';
import { describe, expect, test } from 'vitest';
import { redacted, Secrets, withoutCredentials } from '../../src/redaction.js';
import { isServerUrl } from '../../src/server-url.js';
import { refusalOf } from '../../src/tracking/refusal.js';

const repeated: [given: string, left: string][] = [
  ['getaddrinfo ENOTFOUND redis://u:p@h', 'getaddrinfo ENOTFOUND redis://[hidden]@h'],
  ['redis://u:p@ss/w rd@h', 'redis://[hidden]@h'],
  [
    "ERR unknown command 'HELLO', with args beginning with: '3' 'AUTH' 'u' 'p'",
    "ERR unknown command 'HELLO', with args beginning with: [hidden]",
  ],
  [
    'ERR unknown command `AUTH`, with args beginning with: `p`, ',
    'ERR unknown command `AUTH`, with args beginning with: [hidden]',
  ],
  [
    "NOPERM User u has no permissions to run the 'ping' command",
    "NOPERM User [hidden] has no permissions to run the 'ping' command",
  ],
  ['WRONGPASS invalid username-password pair', 'WRONGPASS invalid username-password pair'],
  ['connect ECONNREFUSED 127.0.0.1:6379', 'connect ECONNREFUSED 127.0.0.1:6379'],
];
test.each(repeated)('%s', (given, left) => {
  expect(redacted(given)).toBe(left);
});

describe('an error', () => {
  test('that shows nothing is the same error', () => {
    const error = new TypeError('nothing', { cause: new Error('neither') });
    expect(withoutCredentials(error)).toBe(error);
    expect(new NearCacheError('ERR_NEAR_FAULT', 'x', { cause: error }).cause).toBe(error);
  });

  test('that shows something is copied, with its class, and stays as it was', () => {
    const inner = Object.assign(new RangeError('at redis://u:p@h'), { input: 'redis://u:p@h', errno: 5 });
    const error = new AggregateError([new Error('fine'), inner], 'several', { cause: inner });
    const shown = withoutCredentials(error);
    expect(shown).toBeInstanceOf(AggregateError);
    expect(shown.errors[0]).toBe(error.errors[0]);
    expect(shown.errors[1]).toBeInstanceOf(RangeError);
    expect(shown.errors[1]).toMatchObject({
      message: 'at redis://[hidden]@h',
      input: 'redis://[hidden]@h',
      errno: 5,
    });
    expect(shown.cause).toBe(shown.errors[1]);
    expect(shown.stack).toContain('several');
    expect((shown.cause as Error).stack).toMatch(/^RangeError: at redis:\/\/\[hidden\]@h\n {4}at /);
    expect(inner.message).toBe('at redis://u:p@h');
  });

  test('that leads back to itself is no endless matter', () => {
    const error = new Error('at redis://u:p@h');
    error.cause = error;
    expect(withoutCredentials(error)).toMatchObject({ message: 'at redis://[hidden]@h', cause: undefined });
  });
});

describe('secrets', () => {
  test('are hidden wherever they stand, also as in a URL, the longest first', () => {
    const secrets = new Secrets(['p@ss', 'p@ss word', undefined, 5, 'default']);
    expect(secrets.hideIn('p@ss word, p%40ss, default 5')).toBe('[hidden], [hidden], default 5');
    secrets.note(['token']);
    expect(secrets.hideIn('token p@ss')).toBe('[hidden] [hidden]');
    secrets.note(['next one']);
    expect(secrets.hideIn('token p@ss')).toBe('token [hidden]');
  });

  test('that are words of an error do not keep it from being understood', () => {
    const endpoint = { node: 'h:1', secrets: new Secrets(['unknown', 'NOPERM', 'WRONGPASS']) };
    const refusal = (message: string) => refusalOf(new Error(message), endpoint as never);
    expect(refusal("ERR unknown command 'HELLO'")?.code).toBe('ERR_NEAR_TRACKING_UNSUPPORTED');
    expect(refusal('WRONGPASS invalid')?.code).toBe('ERR_NEAR_TRACKING_DENIED');
    expect(refusal('NOPERM no')?.cause).toMatchObject({ message: '[hidden] no' });
  });
});

test.each([
  ['redis://h', true],
  ['rediss://u:p%40@h:1/2', true],
  ['redis://u:%zz@h', false],
  ['redis://%E0%A4@h', false],
  ['redis://h/name', false],
  ['redis://h:port', false],
  ['http://h', false],
  [undefined, false],
])('%s is a URL of a server: %s', (url, isOne) => {
  expect(isServerUrl(url)).toBe(isOne);
});
