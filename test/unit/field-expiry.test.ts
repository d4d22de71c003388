// What an answer to HELLO says of fields that expire by themselves: when in doubt, they can.

import { expect, test } from 'vitest';
import { fieldsCanExpire } from '../../src/tracking/field-expiry.js';

test.each([
  [{ server: 'redis', version: '6.2.14' }, false],
  [{ server: 'redis', version: '7.0.15' }, false],
  [{ server: 'redis', version: '7.2.5' }, false],
  [{ server: 'redis', version: '7.2.4' }, true],
  [{ server: 'redis', version: '7.4.0' }, true],
  [{ server: 'redis', version: '7.10.1' }, true],
  [{ server: 'redis', version: '8.0.2' }, true],
  [{ server: 'redis', version: '255.255.255' }, true],
  [{ server: 'valkey', version: '8.1.1' }, false],
  [{ server: 'valkey', version: '9.0.0' }, true],
  [{ server: 'redis' }, true],
  [{ server: 'something else', version: '1.0.0' }, true],
  [['server', 'redis'], true],
  ['OK', true],
  [undefined, true],
])('%j: %s', (hello, can) => {
  expect(fieldsCanExpire(hello)).toBe(can);
});
