// One figure for several rounds: their lower quartile. What else runs on the machine adds cycles to some rounds, and now and then the
// kernel charges a round's deliveries to itself.

export function quartile(rounds: readonly number[]): number {
  return [...rounds].sort((a, b) => a - b)[rounds.length >> 2] ?? Number.NaN;
}
