import { z } from "zod";
import type { Labels } from "#shared/model/labels.ts";
import { levelNamed, type LogRow, type SelectionRequest } from "./logs.ts";
import { fetchJson } from "./transport.ts";

const Strings = z.record(z.string(), z.string());
/** A record as the monitoring API tells it. */
export const LogRecord = z.object({
  time: z.string(),
  level: z.string(),
  body: z.string(),
  labels: Strings,
  attributes: Strings,
});

/** The same as other lines are held. */
export function rowOf(record: z.output<typeof LogRecord>): LogRow {
  const timeMs = Date.parse(`${record.time.slice(0, 19)}Z`);
  const fraction = /\.(\d{1,9})/.exec(record.time)?.[1] ?? "";
  const nanos = fraction.padEnd(9, "0");
  return {
    ns: `${Math.floor(timeMs / 1_000)}${nanos}`,
    timeMs: timeMs + Number(nanos.slice(0, 3)),
    stream: record.labels,
    metadata: { detected_level: record.level, ...record.attributes },
    parsed: {},
    text: record.body,
    level: levelNamed(record.level),
  };
}

const Facets = z.object({
  records: z.number(),
  complete: z.boolean(),
  fields: z.array(
    z.object({
      field: z.string(),
      source: z.enum(["label", "metadata", "line"]),
      type: z.string(),
      count: z.number(),
      distinct: z.number(),
      values: z.array(z.object({ value: z.string(), count: z.number() })),
    }),
  ),
});
export type FacetsAnswer = z.output<typeof Facets>;
export type FacetField = FacetsAnswer["fields"][number];

/** GET /api/v1/monitoring/logs/facets: the most frequent values of fields among the newest lines. */
export async function queryFacets(
  request: SelectionRequest & {
    readonly values: number;
    readonly lines: number;
    readonly fields?: readonly string[] | undefined;
  },
): Promise<FacetsAnswer> {
  const { query, startMs, endMs, values, lines, fields, signal } = request;
  const params = {
    query,
    from: new Date(startMs).toISOString(),
    to: new Date(endMs).toISOString(),
    limit: String(values),
    lines: String(lines),
    ...(fields === undefined ? {} : { fields: fields.join(",") }),
  };
  return fetchJson({ path: "/api/v1/monitoring/logs/facets", params, signal }, Facets);
}

const Context = z.object({
  before: z.array(LogRecord),
  at: z.array(LogRecord),
  after: z.array(LogRecord),
});

/** Lines around one, in the order of time. */
export type LogContext = {
  readonly before: readonly LogRow[];
  readonly at: readonly LogRow[];
  readonly after: readonly LogRow[];
};

/** GET /api/v1/monitoring/logs/context: what stands before and after a line in its stream. */
export async function queryContext(request: {
  readonly stream: Labels;
  readonly ns: string;
  readonly before: number;
  readonly after: number;
  readonly signal: AbortSignal;
}): Promise<LogContext> {
  const { stream, ns, before, after, signal } = request;
  const params = {
    stream: selectorOf(stream),
    time: ns,
    before: String(before),
    after: String(after),
  };
  const path = "/api/v1/monitoring/logs/context";
  const answer = await fetchJson({ path, params, signal }, Context);
  return {
    before: answer.before.map(rowOf),
    at: answer.at.map(rowOf),
    after: answer.after.map(rowOf),
  };
}

function selectorOf(stream: Labels): string {
  return `{${Object.entries(stream)
    .map(([name, value]) => `${name}=${JSON.stringify(value)}`)
    .join(", ")}}`;
}
