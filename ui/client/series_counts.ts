import { labelText } from "../promql/expr.ts";
import type { Window } from "../state/time_range.ts";
import { queryVector, quote } from "./prometheus.ts";

/** Names in one question at most: the list that is shown, not the store. */
const namesMax = 300;
const valuesMax = 200;

/** How many series each of these metrics has at the end of the window. */
export async function countSeries(
  names: readonly string[],
  window: Window,
  signal?: AbortSignal,
): Promise<ReadonlyMap<string, number>> {
  const pattern = names.slice(0, namesMax).map(escaped).join("|");
  const rows = await queryVector(
    `count by (__name__) ({__name__=~${quote(pattern)}})`,
    window.endMs,
    signal,
  );
  return new Map(rows.map(({ labels, value }) => [labels["__name__"] ?? "", value]));
}

export type ValueCount = { readonly value: string; readonly count: number };

/** Values of a label among the series of a selector, those with most series first. */
export async function countSeriesBy(
  selector: string,
  label: string,
  window: Window,
  signal?: AbortSignal,
): Promise<readonly ValueCount[]> {
  const query = `topk(${valuesMax}, count by (${labelText(label)}) (${selector}))`;
  const rows = await queryVector(query, window.endMs, signal);
  return rows
    .map(({ labels, value }) => ({ value: labels[label] ?? "", count: value }))
    .toSorted((a, b) => b.count - a.count || (a.value < b.value ? -1 : 1));
}

/** A name inside a regular expression of the aggregator. */
function escaped(name: string): string {
  return name.replaceAll(/[\\^$.*+?()[\]{}|]/g, String.raw`\$&`);
}
