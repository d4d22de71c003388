// A loader on clients of sentinels: scripts, fills and changes go to the primary.

import { beforeEach, describe, expect, test } from 'vitest';
import { until } from '../../support/until.js';
import { MAJORS, makeRig, useSentinelBed } from './sentinel-rig.js';

const bed = await useSentinelBed();
const primary = await bed.primary();
beforeEach(async () => {
  await primary.command('FLUSHALL');
});

describe.each(MAJORS)('a sentinel of v%i', (major) => {
  test('loads once, fills, and leaves a change during a load alone', async () => {
    await using rig = await makeRig(major, bed);
    let loads = 0;
    let finish: (() => void) | undefined;
    const loader = rig.redis.near.loader<string>({
      prefix: 'k:',
      ttl: 60_000,
      async load(id) {
        loads++;
        if (id === 'slow') {
          await new Promise<void>((resolve) => {
            finish = resolve;
          });
        }
        return `${id} loaded`;
      },
    });
    expect(await Promise.all([loader.get('1'), loader.get('1')])).toEqual(['1 loaded', '1 loaded']);
    expect(loads).toBe(1);
    expect(await primary.command('GET', 'k:1')).toBe('"1 loaded"');
    expect(await loader.getMany(['1', '2'])).toEqual(['1 loaded', '2 loaded']);
    await loader.invalidate(['1', '2']);
    expect(await primary.command('EXISTS', 'k:1', 'k:2')).toBe(0);
    const got = loader.get('slow');
    await until(() => finish !== undefined);
    await primary.command('SET', 'k:slow', '"theirs"');
    finish?.();
    expect(await got).toBe('slow loaded');
    expect(await primary.command('GET', 'k:slow')).toBe('"theirs"');
    expect(rig.redis.near.stats().loaders['k:']).toMatchObject({ redisFallbacks: 0, lockFallbacks: 0 });
  });
});
