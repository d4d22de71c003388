// One clock for all processes of this machine: CLOCK_MONOTONIC, which is what hrtime and performance.now() read.

const ORIGIN = performanceOrigin();

/** Comparable across processes, never set back. Unit: ms, with a resolution well under 1 µs. */
export function monotonic(): number {
  return ORIGIN + performance.now();
}

/** Where performance.now() is zero. What comes between the two clock reads makes it seem too early: the best of many. */
function performanceOrigin(): number {
  let origin = Number.NEGATIVE_INFINITY;
  for (let attempt = 0; attempt < 1_000; attempt++) {
    origin = Math.max(origin, Number(process.hrtime.bigint()) / 1e6 - performance.now());
  }
  return origin;
}
