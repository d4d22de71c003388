// When a value is loaded anew before its time is over, so that nobody waits for it when it is. Pure arithmetic.
// Source: Vattani, Chierichetti, Lowenstein: Optimal Probabilistic Cache Stampede Prevention, VLDB 2015 (XFetch).

/**
 * Whether this read is the one that refreshes. The probability rises as `left` falls: it is exp(-left / (beta * loadTime)).
 * @param left for how long the value is still fresh; ms
 * @param loadTime how long a load takes; ms
 * @param beta above 1 refreshes earlier, below 1 later
 */
export function refreshesEarly(left: number, loadTime: number, beta: number, random: () => number): boolean {
  // random() may be 0, never 1.
  return -beta * loadTime * Math.log(1 - random()) >= left;
}

/**
 * How long before the end the question is worth asking: earlier, the probability is below one in 400 million. Until then
 * hits know nothing of it. Unit: ms.
 */
export function span(loadTime: number, beta: number): number {
  return WORTHWHILE * beta * loadTime;
}

const WORTHWHILE = 20;
