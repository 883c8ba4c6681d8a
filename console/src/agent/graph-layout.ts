/** Where the steps of a plan stand in its picture. Pure. */
export interface Placed {
  readonly id: string;
  /** Column and row, from 0. */
  readonly column: number;
  readonly row: number;
}

export interface Graph {
  readonly places: readonly Placed[];
  readonly edges: readonly { readonly from: Placed; readonly to: Placed }[];
  readonly columns: number;
  readonly rows: number;
}

/** Each step one column after the last of those it waits for; in a column in the order of the plan. */
export function layOut(
  steps: readonly { readonly id: string; readonly dependsOn: readonly string[] }[],
): Graph {
  const columnOf = new Map<string, number>();
  // the plan's order respects its dependencies: what a step waits for has its column already
  for (const { id, dependsOn } of steps)
    columnOf.set(id, 1 + Math.max(-1, ...dependsOn.map(each => columnOf.get(each) ?? -1)));
  const used: number[] = [];
  const places = new Map<string, Placed>();
  for (const { id } of steps) {
    const column = columnOf.get(id) ?? 0;
    const row = used[column] ?? 0;
    used[column] = row + 1;
    places.set(id, { id, column, row });
  }
  const edges = steps.flatMap(({ id, dependsOn }) =>
    dependsOn.flatMap(each => {
      const from = places.get(each);
      const to = places.get(id);
      return from && to ? [{ from, to }] : [];
    }),
  );
  return {
    places: [...places.values()],
    edges,
    columns: used.length,
    rows: Math.max(0, ...used.map(count => count ?? 0)),
  };
}
