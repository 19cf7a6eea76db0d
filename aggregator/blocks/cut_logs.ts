import type { LogsBatch } from "#shared/model/logs.ts";
import { TimeWindows } from "../read/cut_spans.ts";

/** Batches by when their first record is, in order of time, where they lie far apart: a block each. A batch stays whole. */
export function batchesByTime(batches: readonly LogsBatch[]): (readonly LogsBatch[])[] {
  const windows = new TimeWindows();
  const firstMs = batches.map(({ timestampsMs }) => timestampsMs.reduce((a, b) => Math.min(a, b)));
  for (const ms of firstMs) windows.add(ms);
  const spans = windows.spans();
  if (spans.length === 1) return [batches];
  return spans.map(({ startMs, endMs }) =>
    batches.filter((_, i) => startMs <= (firstMs[i] ?? 0) && (firstMs[i] ?? 0) <= endMs),
  );
}
