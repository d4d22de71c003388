/** What all keys of the benchmarks begin with. */
export const PREFIX = 'p:';

/** As many names as are asked for, all under one prefix. */
export const names = (count: number): string[] =>
  Array.from({ length: count }, (_, index) => `${PREFIX}${index}`);
