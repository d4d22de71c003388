// How long reads took, as the caller felt it: from the call to the line after `await`.

import { createHistogram, type RecordableHistogram } from 'node:perf_hooks';
import { monotonic } from './clock.js';
import type { Latency } from './messages.js';

/** One read in so many is timed. A prime, so that it keeps step with nothing. */
const SAMPLE_EVERY = 7;

export class Stopwatch {
  /** Reads, timed or not. */
  reads = 0;
  #untilSample = SAMPLE_EVERY;
  readonly #recent = new Samples();
  readonly #sinceMark = new Samples();

  /** A read that was started at `startedAt` has just returned; a hit is one that came from memory. */
  returned(startedAt: number, hit: boolean): void {
    this.reads++;
    if (--this.#untilSample > 0) return;
    this.#untilSample = SAMPLE_EVERY;
    this.#recent.record(Math.max(1, Math.round((monotonic() - startedAt) * 1e6)), hit);
  }

  /** What is measured from here on counts: call right after `take()`. */
  mark(): void {
    this.#sinceMark.reset();
  }

  /** Percentiles since the last call, and since the mark. */
  take(): { readonly recent: Latency; readonly sinceMark: Latency } {
    this.#sinceMark.add(this.#recent);
    const figures = { recent: this.#recent.latency(), sinceMark: this.#sinceMark.latency() };
    this.#recent.reset();
    return figures;
  }
}

/** Histograms in ns. */
class Samples {
  readonly #reads = createHistogram();
  readonly #hits = createHistogram();

  record(nanoseconds: number, hit: boolean): void {
    this.#reads.record(nanoseconds);
    if (hit) this.#hits.record(nanoseconds);
  }

  add(other: Samples): void {
    this.#reads.add(other.#reads);
    this.#hits.add(other.#hits);
  }

  reset(): void {
    this.#reads.reset();
    this.#hits.reset();
  }

  latency(): Latency {
    return {
      readP50: micros(this.#reads, 50),
      readP99: micros(this.#reads, 99),
      hitP50: micros(this.#hits, 50),
      hitP99: micros(this.#hits, 99),
    };
  }
}

function micros(histogram: RecordableHistogram, percentile: number): number | null {
  return histogram.count === 0 ? null : histogram.percentile(percentile) / 1_000;
}
