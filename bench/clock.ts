/** Machine-wide, so that moments in two processes compare. */
export const microseconds = (): number => Number(process.hrtime.bigint() / 1_000n);
