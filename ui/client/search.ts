import { z } from "zod";
import { OperatingError } from "#shared/errors.ts";
import type { Window } from "../state/time_range.ts";
import { fetchText } from "./transport.ts";

/** A metric as the search finds it; unknown parts are empty. */
export type FoundMetric = {
  readonly name: string;
  readonly type: string;
  readonly help: string;
  readonly unit: string;
};

/** What a search found, and whether there is more of it. */
export type Found<T> = { readonly results: readonly T[]; readonly more: boolean };

export type SearchRequest = {
  /** All of its characters in their order, in either case; empty finds everything. */
  readonly text: string;
  /** Selectors that the series must match, any of them. */
  readonly match: readonly string[];
  readonly window: Window;
  readonly limit: number;
  readonly signal?: AbortSignal | undefined;
};

/** The aggregator's own bound of one answer. */
const searchLimitMax = 10_000;

const word = z.string().default("");
const Metric = z.object({ name: z.string(), type: word, help: word, unit: word });
const Name = z.object({ name: z.string() });
const Value = z.object({ value: z.string() });
const End = z.object({ status: z.literal("success"), has_more: z.boolean() });

/** GET /api/v1/search/metric_names: names with their type, help and unit, the best match first. */
export async function searchMetrics(request: SearchRequest): Promise<Found<FoundMetric>> {
  return search("metric_names", request, Metric, { include_metadata: "true" });
}

/** GET /api/v1/search/label_names. */
export async function searchLabelNames(request: SearchRequest): Promise<Found<string>> {
  const { results, more } = await search("label_names", request, Name, {});
  return { results: results.map(({ name }) => name), more };
}

/** GET /api/v1/search/label_values. */
export async function searchLabelValues(
  label: string,
  request: SearchRequest,
): Promise<Found<string>> {
  const { results, more } = await search("label_values", request, Value, { label });
  return { results: results.map(({ value }) => value), more };
}

async function search<S extends z.ZodType>(
  of: string,
  { text, match, window, limit, signal }: SearchRequest,
  schema: S,
  more: Readonly<Record<string, string>>,
): Promise<Found<z.output<S>>> {
  const path = `/api/v1/search/${of}`;
  const params: [string, string][] = [
    ["start", String(window.startMs / 1_000)],
    ["end", String(window.endMs / 1_000)],
    ["limit", String(Math.min(limit, searchLimitMax))],
    ["batch_size", "1000"],
    ["case_sensitive", "false"],
    ...match.map((selector): [string, string] => ["match[]", selector]),
    ...Object.entries(more),
  ];
  if (text !== "") params.push(["search[]", text], ["sort_by", "score"]);
  const body = await fetchText({ path, params, signal });
  return read(path, body, schema);
}

/** Lines of JSON: results in batches, and at the end whether there are more. */
function read<S extends z.ZodType>(path: string, body: string, schema: S): Found<z.output<S>> {
  const Batch = z.object({ results: z.array(schema) });
  const lines = body.trimEnd().split("\n");
  const end = End.safeParse(json(lines.pop() ?? ""));
  const batches = lines.map((line) => Batch.safeParse(json(line)));
  if (!end.success) throw otherShape(path);
  const results = batches.flatMap((batch) => {
    if (!batch.success) throw otherShape(path);
    return batch.data.results;
  });
  return { results, more: end.data.has_more };
}

function json(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

function otherShape(path: string): OperatingError {
  return new OperatingError("corrupt", `${path} answered lines of another shape`);
}
