// One clock for all processes of this machine: CLOCK_MONOTONIC, which is what hrtime and performance.now() read.

const PROCESS_START = Number(process.hrtime.bigint()) / 1e6 - performance.now();

/** Comparable across processes, never set back. Unit: ms, with a resolution well under 1 µs. */
export function monotonic(): number {
  return PROCESS_START + performance.now();
}
