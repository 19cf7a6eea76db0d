import type { Labels } from "#shared/model/labels.ts";
import { scanBySelect } from "../../read/record_slices.ts";
import { streamLists } from "../stream_lists.ts";
import type { LogRecord, LogSelectRequest, LogsSource } from "../../read/source.ts";
import { compileLineFilters } from "../../read/line_filters.ts";
import { compileMatchers } from "../../read/matching.ts";
import { evaluateMetric, type LogScope, defaultLogqlLimits, selectRecords } from "./evaluate.ts";
import { parseLogql } from "../../log_pipeline/parse_query.ts";

export type Given = {
  /** Unix seconds. */
  readonly at?: number;
  readonly line: string;
  readonly stream?: Labels;
  readonly severity?: number;
  readonly attributes?: Labels;
};

/** A source over records that a test names; what it was asked is kept. */
export function sourceOf(
  given: readonly Given[],
): LogsSource & { readonly asked: LogSelectRequest[] } {
  const records = given.map(
    ({ at = 1, line, stream = { app: "a" }, severity = 0, attributes }): LogRecord => ({
      timestampNs: BigInt(Math.round(at * 1e9)),
      stream,
      body: line,
      severity,
      ...(attributes === undefined ? {} : { attributes }),
    }),
  );
  const asked: LogSelectRequest[] = [];
  const select: LogsSource["select"] = async (request) => {
    asked.push(request);
    const matches = compileMatchers(request.matchers);
    const found = records
      .filter(({ stream }) => matches(stream))
      .filter(({ timestampNs: ns }) => ns >= request.startNs && ns < request.endNs)
      .filter(({ body }) => passes(request, body))
      .toSorted((a, b) => Number(a.timestampNs - b.timestampNs));
    return (request.direction === "forward" ? found : found.toReversed()).slice(0, request.limit);
  };
  return {
    asked,
    select,
    scan: (request) => scanBySelect(select, request),
    ...streamLists(async () => {}),
  };
}

function passes({ lineFilters }: LogSelectRequest, body: string): boolean {
  const bodies = new Uint8Array(Buffer.from(body));
  const batch = {
    streams: [{}],
    streamOf: new Uint32Array(1),
    timestampsMs: new Float64Array(1),
    nanos: new Uint32Array(1),
    severities: new Uint8Array(1),
    bodies,
    bodyEnds: Uint32Array.of(bodies.length),
  };
  return compileLineFilters(lineFilters)(batch)(0, 0, bodies.length);
}

export function scopeOf(source: LogsSource, limits: Partial<LogScope["limits"]> = {}): LogScope {
  return { tenant: "t", source, limits: { ...defaultLogqlLimits, ...limits } };
}

/** Entries of a log query over the records, oldest first. */
export async function entriesOf(query: string, given: readonly Given[], limit = 1_000) {
  const parsed = parseLogql(query);
  if (parsed.kind !== "log") throw new Error(`no log query: ${query}`);
  const range = { startNs: 0n, endNs: 1n << 62n, limit, direction: "forward" } as const;
  return selectRecords(parsed, range, scopeOf(sourceOf(given)));
}

/** Series of a metric query: labels, and for each step that has one its second and value. */
export async function seriesOf(
  query: string,
  given: readonly Given[],
  [start, end, step]: readonly [number, number, number],
  limits: Partial<LogScope["limits"]> = {},
): Promise<{ labels: Labels; points: [number, number][] }[] | number> {
  const parsed = parseLogql(query);
  if (parsed.kind === "log") throw new Error(`no metric query: ${query}`);
  const times = { startMs: start * 1_000, endMs: end * 1_000, stepMs: step * 1_000 };
  const result = await evaluateMetric(parsed, times, scopeOf(sourceOf(given), limits));
  if (typeof result === "number") return result;
  return result.map(({ labels, timestampsMs, values }) => ({
    labels,
    points: Array.from(timestampsMs, (ms, i) => [ms / 1_000, values[i] ?? Number.NaN]),
  }));
}
