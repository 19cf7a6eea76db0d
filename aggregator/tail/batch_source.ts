import type { LogsBatch } from "#shared/model/logs.ts";
import { compileLineFilters } from "../read/line_filters.ts";
import { compileMatchers } from "../read/matching.ts";
import type { LogRecord, LogScanRequest, LogsSource } from "../read/source.ts";

/** A source of the one batch, for queries that look at records as they arrive. Times are not looked at: all of it is new. */
export function batchSource(batch: LogsBatch): Pick<LogsSource, "select" | "scan"> {
  return {
    select: async (request) => {
      const ascending = Array.from(rowsOf(batch, request)).toSorted((a, b) => order(batch, a, b));
      const rows = request.direction === "forward" ? ascending : ascending.toReversed();
      return rows.slice(0, request.limit).map((row) => recordOf(batch, row));
    },
    scan: async function* (request) {
      yield [{ batch, rows: rowsOf(batch, request) }];
    },
  };
}

function rowsOf(
  batch: LogsBatch,
  { matchers, lineFilters }: Pick<LogScanRequest, "matchers" | "lineFilters">,
): Uint32Array {
  const matches = compileMatchers(matchers);
  const wanted = batch.streams.map((labels) => matches(labels));
  const passes = compileLineFilters(lineFilters)(batch);
  const rows: number[] = [];
  for (let row = 0; row < batch.streamOf.length; row++)
    if (wanted[batch.streamOf[row] ?? 0] === true && passes(row, ...bodyOf(batch, row)))
      rows.push(row);
  return Uint32Array.from(rows);
}

/** By time; equal times by arrival. */
function order({ timestampsMs, nanos }: LogsBatch, a: number, b: number): number {
  return (
    (timestampsMs[a] ?? 0) - (timestampsMs[b] ?? 0) || (nanos[a] ?? 0) - (nanos[b] ?? 0) || a - b
  );
}

function bodyOf({ bodyEnds }: LogsBatch, row: number): [start: number, end: number] {
  return [row === 0 ? 0 : (bodyEnds[row - 1] ?? 0), bodyEnds[row] ?? 0];
}

function recordOf(batch: LogsBatch, row: number): LogRecord {
  const attributes = batch.attributes?.[row];
  const [start, end] = bodyOf(batch, row);
  return {
    timestampNs: BigInt(batch.timestampsMs[row] ?? 0) * 1_000_000n + BigInt(batch.nanos[row] ?? 0),
    stream: batch.streams[batch.streamOf[row] ?? 0] ?? {},
    body: Buffer.from(batch.bodies.buffer, batch.bodies.byteOffset + start, end - start).toString(
      "utf8",
    ),
    severity: batch.severities[row] ?? 0,
    ...(attributes === undefined ? {} : { attributes }),
  };
}
