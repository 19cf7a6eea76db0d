import { z } from "zod";
import { OperatingError } from "#shared/errors.ts";
import type { Labels } from "#shared/model/labels.ts";
import type { ReadAnswer } from "#proto/columns/answer_reader.ts";
import type { ReadLine } from "#proto/columns/read_lines.ts";
import { timesOf } from "#proto/columns/series_reader.ts";
import { askLogql } from "./columns.ts";
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

/** What a page of lines is: `warnings` say why it is incomplete. */
export type LogPage = {
  readonly rows: LogRow[];
  readonly stats: LogStats;
  readonly warnings?: readonly string[];
};

/** Up to `limit` lines of [startNs, endNs), in the order of the direction. */
export async function queryRows({ signal, ...question }: RowsRequest): Promise<LogPage> {
  const answer = await askLogql(question, { signal });
  return {
    rows: linesIn(answer).map(rowOfLine),
    stats: statsOf(answer),
    warnings: answer.end.warnings,
  };
}

export function compareNs(a: string, b: string): number {
  if (a.length !== b.length) return a.length - b.length;
  return a === b ? 0 : a < b ? -1 : 1;
}

/** The lines of an answer. Throws OperatingError where it has none but series. */
export function linesIn(answer: ReadAnswer): readonly ReadLine[] {
  if (answer.type === "streams") return answer.lines;
  throw new OperatingError("corrupt", `the aggregator answered a ${answer.type} instead of lines`);
}

function statsOf({ end }: ReadAnswer): LogStats {
  const { seconds = 0, lines = 0, bytes = 0 } = end.logFigures ?? {};
  return { seconds, lines, bytes };
}

function rowOfLine({ timestampNs, text, stream, metadata, parsed }: ReadLine): LogRow {
  return {
    ns: String(timestampNs),
    timeMs: Number(timestampNs / 1_000_000n),
    stream,
    metadata,
    parsed,
    text,
    level: levelNamed(metadata["detected_level"] ?? stream["detected_level"]),
  };
}

export function levelNamed(text: string | undefined): Level {
  return levels.find((level) => level === text) ?? "unknown";
}

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

/** A metric query over a range. */
export async function queryCounts(request: CountsRequest): Promise<LogMatrix> {
  const { query, startMs, endMs, stepMs, signal } = request;
  const question = { query, startNs: toNs(startMs), endNs: toNs(endMs), stepMs };
  return matrixOf(await askLogql(question, { signal }));
}

/** A metric query at one moment. */
export async function queryCountsAt(
  query: string,
  atMs: number,
  signal: AbortSignal,
): Promise<LogMatrix> {
  const question = { query, startNs: toNs(atMs), endNs: toNs(atMs), instant: true };
  return matrixOf(await askLogql(question, { signal }));
}

function matrixOf(answer: ReadAnswer): LogMatrix {
  if (!("series" in answer))
    throw new OperatingError("corrupt", `the aggregator answered ${answer.type} for numbers`);
  const series = answer.series.map((one) => {
    const timesMs = timesOf(one, answer.grid);
    const samples = Array.from(one.values, (value, i) => [timesMs[i] ?? 0, value] as const);
    return { labels: one.labels, samples };
  });
  return { series, stats: statsOf(answer) };
}

/** Whole milliseconds as Unix nanoseconds. */
export function toNs(ms: number): bigint {
  return BigInt(Math.round(ms)) * 1_000_000n;
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

const Sample = z.tuple([z.number(), z.string()]);
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
