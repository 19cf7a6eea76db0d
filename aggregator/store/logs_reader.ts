import type { DuckDBConnection } from "@duckdb/node-api";
import type { Labels } from "#shared/model/labels.ts";
import { searchingRegex } from "#shared/text/linear_regex.ts";
import type { LineFilter, LogRecord, LogSelectRequest } from "../query/source.ts";
import { quoted } from "./duckdb.ts";
import { parseLabels } from "./labels_text.ts";
import { parquetList } from "./metrics_reader.ts";
import type { Selector } from "./selector.ts";
import { readBigInts, readBytes, readFloats, readNullableTexts, readTexts } from "./vectors.ts";

/** Unix nanoseconds; start inclusive, end exclusive. */
export type SpanNs = { readonly startNs: bigint; readonly endNs: bigint };

/**
 * Records of some files in the order asked for. Equal times stand in the order of the files, then of their
 * rows; backward is exactly the reverse. `streams` narrows to some texts of streams; undefined means the selector's SQL is all.
 */
export async function readLogs(
  connection: DuckDBConnection,
  paths: readonly string[],
  selector: Selector,
  streams: readonly string[] | undefined,
  request: LogSelectRequest,
): Promise<LogRecord[]> {
  const conditions = [
    `ts >= ${request.startNs}::BIGINT`,
    `ts < ${request.endNs}::BIGINT`,
    streams === undefined ? selector.sql : `stream IN (${streams.map(quoted).join(", ")})`,
    ...request.lineFilters.map((filter) => lineCondition(filter)),
  ];
  const direction = request.direction === "backward" ? "DESC" : "ASC";
  const result = await connection.stream(`
    SELECT ts, stream, severity, body, attributes FROM ${parquetList(paths)}
    WHERE ${conditions.join(" AND ")}
    ORDER BY ts ${direction}, file_index ${direction}, file_row_number ${direction}
    LIMIT ${Math.max(0, Math.trunc(request.limit))}`);
  const streamOf = labelsByText();
  const records: LogRecord[] = [];
  for (;;) {
    const chunk = await result.fetchChunk();
    if (chunk === null || chunk.rowCount === 0) return records;
    const times = readBigInts(chunk, 0);
    const texts = readTexts(chunk, 1);
    const severities = readBytes(chunk, 2);
    const bodies = readTexts(chunk, 3);
    const attributes = readNullableTexts(chunk, 4);
    for (let row = 0; row < chunk.rowCount; row++) {
      const text = attributes[row];
      records.push({
        timestampNs: times[row] ?? 0n,
        stream: streamOf(texts[row] ?? "{}"),
        body: bodies[row] ?? "",
        severity: severities[row] ?? 0,
        ...(text === undefined ? {} : { attributes: parseLabels("", text) }),
      });
    }
  }
}

/** Texts of the streams that match and have a record in the span (in any time, without one), a file. */
export async function readStreams(
  connection: DuckDBConnection,
  paths: readonly string[],
  selector: Selector,
  span: SpanNs | undefined,
): Promise<string[][]> {
  const files: string[][] = paths.map(() => []);
  const within =
    span === undefined ? "" : `AND ts >= ${span.startNs}::BIGINT AND ts < ${span.endNs}::BIGINT`;
  const result = await connection.stream(`
    SELECT DISTINCT file_index::DOUBLE, stream FROM ${parquetList(paths)}
    WHERE (${selector.sql}) ${within}`);
  for (;;) {
    const chunk = await result.fetchChunk();
    if (chunk === null || chunk.rowCount === 0) return files;
    const texts = readTexts(chunk, 1);
    for (const [row, file] of readFloats(chunk, 0).entries()) {
      const text = texts[row] ?? "{}";
      if (selector.matches(parseLabels("", text))) files[file]?.push(text);
    }
  }
}

function lineCondition({ op, values }: LineFilter): string {
  const isRegex = op === "|~" || op === "!~";
  const alternatives = values.map((value) => {
    if (!isRegex) return `contains(body, ${quoted(value)})`;
    // Refuses a bad one with a reason, before DuckDB does.
    searchingRegex(value);
    return `regexp_matches(body, ${quoted(value)})`;
  });
  const anyOf = alternatives.length === 0 ? "false" : alternatives.join(" OR ");
  return op === "|=" || op === "|~" ? `(${anyOf})` : `NOT (${anyOf})`;
}

/** One object a stream, not one a record. */
function labelsByText(): (text: string) => Labels {
  const known = new Map<string, Labels>();
  return (text) => {
    let labels = known.get(text);
    if (labels === undefined) {
      labels = parseLabels("", text);
      known.set(text, labels);
    }
    return labels;
  };
}
