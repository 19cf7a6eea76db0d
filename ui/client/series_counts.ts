import { z } from "zod";
import { labelText } from "../promql/expr.ts";
import type { Window } from "../state/time_range.ts";
import { quote } from "./prometheus.ts";
import { fetchJson } from "./transport.ts";

const Vector = z.object({
  status: z.literal("success"),
  data: z.object({
    resultType: z.literal("vector"),
    result: z.array(
      z.object({
        metric: z.record(z.string(), z.string()),
        value: z.tuple([z.number(), z.string()]),
      }),
    ),
  }),
});

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
  const rows = await instant(
    `count by (__name__) ({__name__=~${quote(pattern)}})`,
    window.endMs,
    signal,
  );
  return new Map(rows.map(({ metric, value }) => [metric["__name__"] ?? "", value]));
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
  const rows = await instant(query, window.endMs, signal);
  return rows
    .map(({ metric, value }) => ({ value: metric[label] ?? "", count: value }))
    .toSorted((a, b) => b.count - a.count || (a.value < b.value ? -1 : 1));
}

async function instant(query: string, timeMs: number, signal: AbortSignal | undefined) {
  const params = { query, time: String(timeMs / 1_000) };
  const answer = await fetchJson({ path: "/api/v1/query", params, signal }, Vector);
  return answer.data.result.map(({ metric, value }) => ({ metric, value: Number(value[1]) }));
}

/** A name inside a regular expression of the aggregator. */
function escaped(name: string): string {
  return name.replaceAll(/[\\^$.*+?()[\]{}|]/g, String.raw`\$&`);
}
