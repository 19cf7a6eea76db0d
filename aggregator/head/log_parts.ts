import type { LogsBatch } from "#shared/model/logs.ts";
import type { LogPart, SpanNs } from "../query/log_parts.ts";
import type { LogScanRequest, LogSlice } from "../query/source.ts";
import { compileLineFilters } from "./line_filters.ts";
import type { HeadBatch } from "./logs_generation.ts";
import { compileMatchers } from "./matching.ts";
import { splitNs } from "./select_logs.ts";

/** Batches of the head as parts of a scan. Throws OperatingError("bad_request") for a bad regular expression. */
export function logPartsOf(entries: readonly HeadBatch[], request: LogScanRequest): LogPart[] {
  const matches = compileMatchers(request.matchers);
  const filters = compileLineFilters(request.lineFilters);
  return entries.map(({ batch, minMs, maxMs }) => ({
    minMs,
    maxMs,
    items: batch.streamOf.length,
    slices(span: SpanNs): LogSlice[] {
      const isWanted = batch.streams.map((labels) => matches(labels));
      if (!isWanted.includes(true)) return [];
      const [start, end] = [splitNs(span.startNs), splitNs(span.endNs)];
      const passes = request.lineFilters.length === 0 ? undefined : filters(batch);
      const rows: number[] = [];
      for (let row = 0; row < batch.streamOf.length; row++) {
        if (isWanted[batch.streamOf[row] ?? 0] !== true) continue;
        const ms = batch.timestampsMs[row] ?? 0;
        const nanos = batch.nanos[row] ?? 0;
        if (ms < start.ms || (ms === start.ms && nanos < start.nanos)) continue;
        if (ms > end.ms || (ms === end.ms && nanos >= end.nanos)) continue;
        if (passes === undefined || passes(row, startOf(batch, row), batch.bodyEnds[row] ?? 0))
          rows.push(row);
      }
      return rows.length === 0 ? [] : [{ batch, rows: Uint32Array.from(rows) }];
    },
  }));
}

function startOf({ bodyEnds }: LogsBatch, row: number): number {
  return row === 0 ? 0 : (bodyEnds[row - 1] ?? 0);
}
