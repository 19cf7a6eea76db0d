import type { Labels } from "#shared/model/labels.ts";
import type { LogRecord, LogSelectRequest, SeriesRequest, StreamVisitor } from "../read/source.ts";
import { compileLineFilters, textOf } from "../read/line_filters.ts";
import type { HeadBatch } from "./logs_generation.ts";
import { compileMatchers } from "../read/matching.ts";

const nanosPerMs = 1_000_000n;
/** Records that are found beyond the limit before the worst are thrown away. */
const slack = 4_096;

type Found = {
  readonly entry: HeadBatch;
  readonly record: number;
  readonly ms: number;
  readonly nanos: number;
  /** Place among all that were found. */
  readonly order: number;
};

/** The wanted records of batches in order of arrival; backward is forward from its end, also among equal times. */
export function selectLogs(entries: readonly HeadBatch[], request: LogSelectRequest): LogRecord[] {
  const { limit, direction } = request;
  if (limit <= 0) return [];
  const sign = direction === "backward" ? -1 : 1;
  const compare = (a: Found, b: Found) =>
    sign * (a.ms - b.ms || a.nanos - b.nanos || a.order - b.order);
  const filters = compileLineFilters(request.lineFilters);
  const streamsOf = streamSelector(request);
  const start = splitNs(request.startNs);
  const end = splitNs(request.endNs);
  let found: Found[] = [];
  let order = 0;
  for (const entry of entries) {
    const { batch } = entry;
    if (entry.maxMs < start.ms || entry.minMs > end.ms) continue;
    const isWanted = streamsOf(batch.streams);
    if (!isWanted.includes(true)) continue;
    const passes = filters(batch);
    for (let record = 0; record < batch.streamOf.length; record++) {
      if (isWanted[batch.streamOf[record] ?? 0] !== true) continue;
      const ms = batch.timestampsMs[record] ?? 0;
      const nanos = batch.nanos[record] ?? 0;
      if (ms < start.ms || (ms === start.ms && nanos < start.nanos)) continue;
      if (ms > end.ms || (ms === end.ms && nanos >= end.nanos)) continue;
      const bodyStart = record === 0 ? 0 : (batch.bodyEnds[record - 1] ?? 0);
      if (!passes(record, bodyStart, batch.bodyEnds[record] ?? 0)) continue;
      found.push({ entry, record, ms, nanos, order: order++ });
    }
    if (found.length > limit + slack) found = found.toSorted(compare).slice(0, limit);
  }
  return found.toSorted(compare).slice(0, limit).map(toRecord);
}

/** Label sets of streams with a record in [startMs, endMs]. */
export function eachHeadStream(
  entries: readonly HeadBatch[],
  request: SeriesRequest,
  visit: StreamVisitor,
): void {
  const selectors = request.selectors.map((matchers) => compileMatchers(matchers));
  for (const { batch, minMs, maxMs } of entries) {
    if (maxMs < request.startMs || minMs > request.endMs) continue;
    const seen = new Set<number>();
    for (const [record, stream] of batch.streamOf.entries()) {
      const ms = batch.timestampsMs[record] ?? 0;
      if (seen.has(stream) || ms < request.startMs || ms > request.endMs) continue;
      seen.add(stream);
      const labels = batch.streams[stream] ?? {};
      if (selectors.length > 0 && !selectors.some((matches) => matches(labels))) continue;
      visit(labels);
    }
  }
}

function streamSelector({ matchers }: LogSelectRequest): (streams: readonly Labels[]) => boolean[] {
  const matches = compileMatchers(matchers);
  return (streams) => streams.map((labels) => matches(labels));
}

export function splitNs(timeNs: bigint): { readonly ms: number; readonly nanos: number } {
  // Rounds down, also before 1970.
  const nanos = ((timeNs % nanosPerMs) + nanosPerMs) % nanosPerMs;
  return { ms: Number((timeNs - nanos) / nanosPerMs), nanos: Number(nanos) };
}

function toRecord({ entry: { batch }, record, ms, nanos }: Found): LogRecord {
  const attributes = batch.attributes?.[record];
  const start = record === 0 ? 0 : (batch.bodyEnds[record - 1] ?? 0);
  return {
    timestampNs: BigInt(ms) * nanosPerMs + BigInt(nanos),
    stream: batch.streams[batch.streamOf[record] ?? 0] ?? {},
    body: textOf(batch.bodies, start, batch.bodyEnds[record] ?? 0),
    severity: batch.severities[record] ?? 0,
    ...(attributes === undefined ? {} : { attributes }),
  };
}
