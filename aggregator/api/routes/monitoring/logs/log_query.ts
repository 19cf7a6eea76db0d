import type { LogQuery, Stage } from "#shared/query_language/logql/ast.ts";
import { levelOf } from "#aggregator/read/level.ts";
import { parseLogql } from "../../../../log_pipeline/parse_query.ts";
import type { LogRecord } from "#aggregator/read/source.ts";
import { OperatingError } from "#shared/errors.ts";
import type { LogRecordJson } from "./log_schemas.ts";
import { timeMsOf } from "../schemas.ts";

export type LogFilter = {
  readonly query?: string | undefined;
  readonly level?: string | undefined;
  readonly service?: string | undefined;
};

const hourMs = 3_600_000;

/** The log query that parameters make. Throws OperatingError("bad_request"). */
export function logQueryOf({ query = "", level, service }: LogFilter): LogQuery {
  const base = queryOf(query);
  const ofService = { name: "service_name", op: "=", value: service ?? "" } as const;
  return {
    ...base,
    matchers: service === undefined ? base.matchers : [...base.matchers, ofService],
    stages: level === undefined ? base.stages : [...base.stages, levelFilter(level)],
  };
}

/** [from, to): an hour until now by default. Throws OperatingError("bad_request"). */
export function logRangeOf(
  { from, to }: { readonly from?: string | undefined; readonly to?: string | undefined },
  nowMs: number,
): { readonly startNs: bigint; readonly endNs: bigint } {
  const toMs = timeMsOf(to ?? "") ?? nowMs;
  const fromMs = timeMsOf(from ?? "") ?? toMs - hourMs;
  if (fromMs > toMs) throw new OperatingError("bad_request", "from must not be after to");
  return { startNs: BigInt(fromMs) * 1_000_000n, endNs: BigInt(toMs) * 1_000_000n };
}

/** A record as our own API tells it. */
export function recordOf(entry: LogRecord): LogRecordJson {
  const { timestampNs, stream, body, severity, attributes } = entry;
  return {
    time: timeText(timestampNs),
    level: levelOf(severity),
    service: stream["service_name"] ?? "",
    body,
    labels: { ...stream },
    attributes: { ...attributes },
  };
}

function timeText(timestampNs: bigint): string {
  const nanos = ((timestampNs % 1_000_000_000n) + 1_000_000_000n) % 1_000_000_000n;
  const seconds = Number((timestampNs - nanos) / 1_000_000_000n);
  const text = new Date(seconds * 1_000).toISOString().slice(0, 19);
  return `${text}.${String(nanos).padStart(9, "0")}Z`;
}

/** What begins with a brace is LogQL, anything else text to be looked for. */
function queryOf(text: string): LogQuery {
  if (!text.trimStart().startsWith("{"))
    return { kind: "log", matchers: [], stages: text === "" ? [] : [textFilter(text)] };
  const query = parseLogql(text);
  if (query.kind === "log") return query;
  throw new OperatingError("bad_request", "query: expected a log query, got a metric query");
}

function levelFilter(value: string): Stage {
  const matcher = { name: "detected_level", op: "=", value } as const;
  return { type: "label_filter", filter: { kind: "matcher", matcher } };
}

function textFilter(value: string): Stage {
  return { type: "line_filter", op: "|=", matches: [{ kind: "text", value }] };
}
