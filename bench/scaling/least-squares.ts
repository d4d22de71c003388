// Least squares without negative costs: each measurement counts by its relative error, so that a write of 2 µs counts as much
// as one of 2 000. Coordinate descent; the problem is convex and has a dozen unknowns.

export interface Equation<Name extends string> {
  readonly quantities: Readonly<Record<Name, number>>;
  readonly measured: number;
}

/** The costs, none below 0, that explain the measurements best. */
export function leastSquares<Name extends string>(
  names: readonly Name[],
  equations: readonly Equation<Name>[],
): Record<Name, number> {
  const rows = equations.map(({ quantities, measured }) => names.map((name) => quantities[name] / measured));
  const costs = names.map(() => 0);
  const errors = rows.map(() => 1);
  for (let round = 0; round < 20_000; round++) {
    let moved = 0;
    for (const [column, cost] of costs.entries()) {
      let gradient = 0;
      let square = 0;
      for (const [at, row] of rows.entries()) {
        const quantity = row[column] ?? 0;
        gradient += quantity * (errors[at] ?? 0);
        square += quantity * quantity;
      }
      if (square === 0) continue;
      const next = Math.max(0, cost + gradient / square);
      for (const [at, row] of rows.entries())
        errors[at] = (errors[at] ?? 0) - (row[column] ?? 0) * (next - cost);
      moved = Math.max(moved, Math.abs(next - cost) * Math.sqrt(square));
      costs[column] = next;
    }
    if (moved < 1e-9) break;
  }
  return Object.fromEntries(names.map((name, at) => [name, costs[at] ?? 0])) as Record<Name, number>;
}
