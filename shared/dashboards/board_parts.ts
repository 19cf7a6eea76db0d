import type { Board } from "./board.ts";

type Panel = Board["rows"][number]["panels"][number];
type Threshold = Panel["thresholds"][number];

/** Names of the palette, so that each theme has its own shade. */
const colors = { ok: "green", info: "blue", warning: "orange", critical: "red" } as const;

/** The colour of each series that says how well it goes. */
export function levelColors({
  levels,
}: Panel): { readonly name: string; readonly color: string }[] {
  return Object.entries(levels).map(([name, level]) => ({ name, color: colors[level] }));
}

/** The steps of thresholds, in Lapwing's form, which is Grafana's. The first has no beginning: what lies below the least threshold is well, or else what that says the opposite of. */
export function stepsOf(
  thresholds: readonly Threshold[],
): { readonly color: string; readonly value: number | null }[] {
  const sorted = thresholds.toSorted((a, b) => a.value - b.value);
  const rises = sorted.at(-1)?.level !== "ok";
  const below = rises ? colors.ok : colors[sorted[0]?.level ?? "ok"];
  return [
    { color: below, value: null },
    ...sorted.map(({ value, level }) => ({ color: colors[level], value })),
  ];
}

/** What a table does to its answers, in order, in Lapwing's form, which is Grafana's. Several answers are joined by their labels; the moment, which is the same in all rows, is left out. */
export function tableSteps({
  queries,
  columns,
}: Panel): { readonly id: string; readonly options: Record<string, unknown> }[] {
  const names = columns.map(({ from }) => from);
  const byName = <Value>(valueOf: (column: Panel["columns"][number], i: number) => Value) =>
    Object.fromEntries(columns.map((column, i) => [column.from, valueOf(column, i)]));
  const isChosen = columns.length > 0;
  return [
    ...(queries.length > 1 ? [{ id: "merge", options: {} }] : []),
    ...(isChosen ? [{ id: "filterFieldsByName", options: { include: { names } } }] : []),
    {
      id: "organize",
      options: {
        excludeByName: isChosen ? {} : { Time: true },
        indexByName: byName((_, i) => i),
        renameByName: byName(({ title }) => title),
      },
    },
  ];
}
