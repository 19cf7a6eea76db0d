import type { Labels } from "#shared/model/labels.ts";
import { labelsKey } from "#shared/model/labels.ts";
import type { LogEntry } from "../../../query/logql/evaluate.ts";
import type { LogSeries } from "../../../query/logql/evaluate.ts";

/** Whether the client wants labels by what they are: of the stream, structured metadata, parsed. */
export function categorizes(request: Request): boolean {
  const flags = request.headers.get("X-Loki-Response-Encoding-Flags") ?? "";
  return flags.split(",").some((flag) => flag.trim() === "categorize-labels");
}

export type StreamJson = { readonly stream: Labels; readonly values: readonly unknown[] };

/**
 * Entries by stream. Plainly, a stream's labels include structured metadata and what was parsed, so that one stream may come out as
 * several; with categorized labels these stand beside each line.
 */
export function streamsOf(entries: readonly LogEntry[], categorize: boolean): StreamJson[] {
  const groups = new Map<string, { stream: Labels; values: unknown[] }>();
  // Most entries share the objects that their labels are made of.
  const keys = new Map<Labels, string>();
  for (const entry of entries) {
    const { stream, metadata, parsed, body } = entry;
    const labels = categorize ? stream : { ...stream, ...metadata, ...parsed };
    let key = categorize ? keys.get(stream) : undefined;
    if (key === undefined) {
      key = labelsKey(labels);
      if (categorize) keys.set(stream, key);
    }
    let group = groups.get(key);
    if (group === undefined) groups.set(key, (group = { stream: labels, values: [] }));
    const time = String(entry.timestampNs);
    group.values.push(
      categorize ? [time, body, { structuredMetadata: metadata, parsed }] : [time, body],
    );
  }
  return [...groups.values()];
}

/** The `data` of a log query but for its statistics. */
export function streamsResult(entries: readonly LogEntry[], categorize: boolean) {
  return {
    resultType: "streams",
    // Readers of the stream of bytes want to know this before the result.
    ...(categorize ? { encodingFlags: ["categorize-labels"] } : {}),
    result: streamsOf(entries, categorize),
  };
}

export function matrixResult(series: readonly LogSeries[]) {
  const result = series
    .filter(({ values }) => values.length > 0)
    .toSorted(byLabels)
    .map(({ labels, timesMs, values }) => ({
      metric: labels,
      values: timesMs.map((timeMs, i) => [timeMs / 1_000, numberText(values[i])]),
    }));
  return { resultType: "matrix", result };
}

/** `order` says what stands: the order of the series where the query sorts, else that of their labels. */
export function vectorResult(series: readonly LogSeries[], order: "given" | "by labels") {
  const filled = series.filter(({ values }) => values.length > 0);
  const result = (order === "given" ? filled : filled.toSorted(byLabels)).map(
    ({ labels, timesMs, values }) => ({
      metric: labels,
      value: [(timesMs.at(-1) ?? 0) / 1_000, numberText(values.at(-1))],
    }),
  );
  return { resultType: "vector", result };
}

function byLabels(a: LogSeries, b: LogSeries): number {
  return labelsKey(a.labels) < labelsKey(b.labels) ? -1 : 1;
}

/** As Go and Prometheus write numbers that JSON lacks. */
function numberText(value = Number.NaN): string {
  return Number.isFinite(value) || Number.isNaN(value)
    ? String(value)
    : value > 0
      ? "+Inf"
      : "-Inf";
}
