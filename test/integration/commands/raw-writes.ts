// Sample calls of commands that change a key and that node-redis v4 has no method for: they come by sendCommand().

import { dumped, type WriteCall, write } from './write-call.js';

export const RAW_WRITES: readonly WriteCall[] = [
  write('HGETDEL', ['a', 'FIELDS', '1', 'f'], ['HSET a f 1 g 2']),
  write('HGETEX', ['a', 'EXAT', '1', 'FIELDS', '1', 'f'], ['HSET a f 1 g 2']),
  write('HMSET', ['a', 'f', '2'], ['HSET a f 1']),
  write('HSETEX', ['a', 'FIELDS', '1', 'f', '2'], ['HSET a f 1']),
  write('PFDEBUG', ['TODENSE', 'a'], ['PFADD a x']),
  write('RESTORE-ASKING', async (around) => ['a', '0', await dumped(around, 'b'), 'REPLACE'], [
    'SET a 1',
    'RPUSH b x',
  ]),
  write('SORT', ['b', 'ALPHA', 'STORE', 'a'], ['SET a 1', 'RPUSH b y x']),
  write('VADD', ['a', 'VALUES', '2', '1', '2', 'e'], []),
  write(
    'VSETATTR',
    ['a', 'e', '{"f":1}'],
    ['VADD a VALUES 2 1 2 e'],
    'a',
    'attributes show in no reply read here',
  ),
  write('VREM', ['a', 'e'], ['VADD a VALUES 2 1 2 e']),
  write(
    'XACKDEL',
    ['a', 'g', 'IDS', '1', '1-1'],
    ['XADD a 1-1 f v', 'XGROUP CREATE a g 0', 'XREADGROUP GROUP g c STREAMS a >'],
  ),
  write('XDELEX', ['a', 'IDS', '1', '1-1'], ['XADD a 1-1 f v', 'XADD a 2-1 f v']),
];
