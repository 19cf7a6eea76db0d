import { z } from "zod";
import { OperatingError } from "#shared/errors.ts";
import type { Labels } from "#shared/model/labels.ts";
import { fetchJson } from "./transport.ts";

/** The levels that the aggregator tells apart, the gravest first. */
export const levels = ["critical", "error", "warn", "info", "debug", "trace", "unknown"] as const;
export type Level = (typeof levels)[number];

/** A line with its labels by where they come from. */
export type LogRow = {
  /** Unix time in nanoseconds as text of digits: a double would lose the last three of them. */
  readonly ns: string;
  readonly timeMs: number;
  readonly stream: Labels;
  readonly metadata: Labels;
  /** What the query's parsers found in the line. */
  readonly parsed: Labels;
  readonly text: string;
  readonly level: Level;
};

/** What an answer cost. */
export type LogStats = {
  readonly seconds: number;
  readonly lines: number;
  readonly bytes: number;
};

export type RowsRequest = {
  readonly query: string;
  /** The first nanosecond that counts, and the first that no longer does. */
  readonly startNs: bigint;
  readonly endNs: bigint;
  readonly limit: number;
  readonly direction: "forward" | "backward";
  readonly signal?: AbortSignal | undefined;
};

const Strings = z.record(z.string(), z.string());
const Summary = z.object({
  execTime: z.number(),
  totalBytesProcessed: z.number(),
  totalLinesProcessed: z.number(),
});
const Stats = z.object({ summary: Summary }).optional();
// Not strict, unlike our own files: the format lets servers add members. Entries are read by entryOf(): there are many.
const Streams = z.object({
  data: z.object({
    resultType: z.literal("streams"),
    result: z.array(z.object({ stream: Strings, values: z.array(z.unknown()) })),
    stats: Stats,
  }),
  warnings: z.array(z.string()).optional(),
});

/** What a page of lines is: `warnings` say why it is incomplete. */
export type LogPage = {
  readonly rows: LogRow[];
  readonly stats: LogStats;
  readonly warnings?: readonly string[];
};

/** GET /loki/api/v1/query_range: up to `limit` lines of [startNs, endNs), in the order of the direction. */
export async function queryRows(request: RowsRequest): Promise<LogPage> {
  const { query, startNs, endNs, limit, direction, signal } = request;
  const params = {
    query,
    start: String(startNs),
    end: String(endNs),
    limit: String(limit),
    direction,
  };
  const headers = { "x-loki-response-encoding-flags": "categorize-labels" };
  const path = "/loki/api/v1/query_range";
  const { data, warnings = [] } = await fetchJson({ path, params, headers, signal }, Streams);
  const rows: LogRow[] = [];
  for (const { stream, values } of data.result)
    for (const value of values) rows.push(entryOf(value, stream));
  const sign = direction === "forward" ? 1 : -1;
  // Stable: lines of one time keep the order in which they were answered.
  return {
    rows: rows.toSorted((a, b) => sign * compareNs(a.ns, b.ns)),
    stats: statsOf(data.stats),
    warnings,
  };
}

export function compareNs(a: string, b: string): number {
  if (a.length !== b.length) return a.length - b.length;
  return a === b ? 0 : a < b ? -1 : 1;
}

function statsOf(stats: z.output<typeof Stats>): LogStats {
  const { execTime = 0, totalLinesProcessed = 0, totalBytesProcessed = 0 } = stats?.summary ?? {};
  return { seconds: execTime, lines: totalLinesProcessed, bytes: totalBytesProcessed };
}

const noLabels: Labels = {};

function entryOf(value: unknown, stream: Labels): LogRow {
  const [ns, text, extra]: readonly unknown[] = Array.isArray(value) ? value : [];
  if (typeof ns !== "string" || !/^\d{1,19}$/.test(ns) || typeof text !== "string")
    throw new OperatingError("corrupt", "query_range answered an entry that is no time and line");
  const metadata = labelsIn(extra, "structuredMetadata");
  return {
    ns,
    timeMs: Number(ns.slice(0, -6)) || 0,
    stream,
    metadata,
    parsed: labelsIn(extra, "parsed"),
    text,
    level: levelNamed(metadata["detected_level"] ?? stream["detected_level"]),
  };
}

function labelsIn(extra: unknown, name: string): Labels {
  if (typeof extra !== "object" || extra === null) return noLabels;
  const found: unknown = Reflect.get(extra, name);
  if (typeof found !== "object" || found === null) return noLabels;
  const labels: Record<string, string> = {};
  for (const [key, value] of Object.entries(found))
    if (typeof value === "string") labels[key] = value;
  return labels;
}

export function levelNamed(text: string | undefined): Level {
  return levels.find((level) => level === text) ?? "unknown";
}

const Sample = z.tuple([z.number(), z.string()]);
const Matrix = z.object({
  data: z.object({
    resultType: z.enum(["matrix", "vector", "scalar"]),
    result: z.array(
      z.object({ metric: Strings, values: z.array(Sample).optional(), value: Sample.optional() }),
    ),
    stats: Stats,
  }),
});

/** Numbers made of lines: each series' samples, times in Unix milliseconds. */
export type LogSeries = {
  readonly labels: Labels;
  readonly samples: readonly (readonly [timeMs: number, value: number])[];
};
export type LogMatrix = { readonly series: readonly LogSeries[]; readonly stats: LogStats };

export type CountsRequest = {
  readonly query: string;
  readonly startMs: number;
  readonly endMs: number;
  readonly stepMs: number;
  readonly signal?: AbortSignal | undefined;
};

/** GET /loki/api/v1/query_range of a metric query. */
export async function queryCounts(request: CountsRequest): Promise<LogMatrix> {
  const { query, startMs, endMs, stepMs, signal } = request;
  const params = {
    query,
    start: `${Math.round(startMs)}000000`,
    end: `${Math.round(endMs)}000000`,
    step: `${stepMs}ms`,
  };
  const answer = await fetchJson({ path: "/loki/api/v1/query_range", params, signal }, Matrix);
  return matrixOf(answer);
}

/** GET /loki/api/v1/query of a metric query at one moment. */
export async function queryCountsAt(
  query: string,
  atMs: number,
  signal: AbortSignal,
): Promise<LogMatrix> {
  const params = { query, time: `${Math.round(atMs)}000000` };
  return matrixOf(await fetchJson({ path: "/loki/api/v1/query", params, signal }, Matrix));
}

function matrixOf({ data }: z.output<typeof Matrix>): LogMatrix {
  const series = data.result.map(({ metric, values, value }) => ({
    labels: metric,
    samples: (values ?? (value === undefined ? [] : [value])).map(
      ([seconds, text]) => [seconds * 1_000, Number(text)] as const,
    ),
  }));
  return { series, stats: statsOf(data.stats) };
}

/** A selection and the range it is looked for in. */
export type SelectionRequest = {
  readonly query: string;
  readonly startMs: number;
  readonly endMs: number;
  readonly signal?: AbortSignal | undefined;
};

const lokiRange = ({ query, startMs, endMs }: SelectionRequest) => ({
  query,
  start: `${Math.round(startMs)}000000`,
  end: `${Math.round(endMs)}000000`,
});

const Volumes = z.object({
  data: z.object({ result: z.array(z.object({ metric: Strings, value: Sample })) }),
});

/** GET /loki/api/v1/index/volume: bytes of lines by the values of one label, the most first. */
export async function labelVolumes(
  request: SelectionRequest & { readonly label: string; readonly limit: number },
): Promise<{ readonly value: string; readonly bytes: number }[]> {
  const { label, limit, signal } = request;
  const params = { ...lokiRange(request), targetLabels: label, limit: String(limit) };
  const { data } = await fetchJson({ path: "/loki/api/v1/index/volume", params, signal }, Volumes);
  return data.result.map(({ metric, value }) => ({
    value: metric[label] ?? "",
    bytes: Number(value[1]),
  }));
}

const Names = z.object({ data: z.array(z.string()).optional() });

/** GET /loki/api/v1/labels. */
export async function logLabelNames(request: SelectionRequest): Promise<string[]> {
  const { signal } = request;
  const params = lokiRange(request);
  return (await fetchJson({ path: "/loki/api/v1/labels", params, signal }, Names)).data ?? [];
}

/** GET /loki/api/v1/label/<name>/values. */
export async function logLabelValues(name: string, request: SelectionRequest): Promise<string[]> {
  const { signal } = request;
  const path = `/loki/api/v1/label/${encodeURIComponent(name)}/values`;
  return (await fetchJson({ path, params: lokiRange(request), signal }, Names)).data ?? [];
}

const DetectedFields = z.object({
  fields: z
    .array(z.object({ label: z.string(), parsers: z.array(z.string()).nullish() }))
    .nullish(),
});

/** GET /loki/api/v1/detected_fields: which parsers find a field, by its name. */
export async function fieldParsers(
  request: SelectionRequest,
): Promise<ReadonlyMap<string, readonly string[]>> {
  const params = { ...lokiRange(request), line_limit: "1000" };
  const path = "/loki/api/v1/detected_fields";
  const { fields } = await fetchJson({ path, params, signal: request.signal }, DetectedFields);
  return new Map((fields ?? []).map(({ label, parsers }) => [label, parsers ?? []]));
}

const Patterns = z.object({
  data: z.array(
    z.object({
      pattern: z.string(),
      level: z.string().optional(),
      samples: z.array(z.tuple([z.number(), z.number()])),
      id: z.string().optional(),
      firstSeen: z.number().optional(),
      isNew: z.boolean().optional(),
    }),
  ),
});

/** What lines have in common, and how many there were in each step. */
export type LogPattern = {
  readonly text: string;
  readonly level: Level;
  readonly samples: readonly (readonly [timeMs: number, lines: number])[];
  readonly firstSeenMs: number | undefined;
  readonly isNew: boolean;
};

/** GET /loki/api/v1/patterns of a stream selector. */
export async function queryPatterns(
  request: SelectionRequest & { readonly stepMs: number },
): Promise<LogPattern[]> {
  const params = { ...lokiRange(request), step: `${request.stepMs}ms` };
  const path = "/loki/api/v1/patterns";
  const { data } = await fetchJson({ path, params, signal: request.signal }, Patterns);
  return data.map(({ pattern, level, samples, firstSeen, isNew }) => ({
    text: pattern,
    level: levelNamed(level),
    samples: samples.map(([seconds, lines]) => [seconds * 1_000, lines] as const),
    firstSeenMs: firstSeen === undefined ? undefined : firstSeen * 1_000,
    isNew: isNew === true,
  }));
}
