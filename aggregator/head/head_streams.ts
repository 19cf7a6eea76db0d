import type { SeriesRequest, StreamVisitor } from "../read/source.ts";
import type { HeadBatch } from "./logs_generation.ts";
import { compileMatchers } from "../read/matching.ts";

const nanosPerMs = 1_000_000n;
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

export function splitNs(timeNs: bigint): { readonly ms: number; readonly nanos: number } {
  // Rounds down, also before 1970.
  const nanos = ((timeNs % nanosPerMs) + nanosPerMs) % nanosPerMs;
  return { ms: Number((timeNs - nanos) / nanosPerMs), nanos: Number(nanos) };
}
