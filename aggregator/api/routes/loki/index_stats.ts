import type { Labels, Matcher } from "#shared/model/labels.ts";
import { labelsKey } from "#shared/model/labels.ts";
import { bodyLength } from "#shared/model/logs.ts";
import type { LogScope } from "../../../query/logql/evaluate.ts";
import type { LokiRange } from "./parameters.ts";

/** Loki's index/stats. Chunks are the batches that were looked into: row groups of blocks, frames of the head. */
export type IndexStats = {
  readonly streams: number;
  readonly chunks: number;
  readonly bytes: number;
  readonly entries: number;
};

/** What a selector finds in a range. */
export async function indexStats(
  matchers: readonly Matcher[],
  { startNs, endNs }: LokiRange,
  { tenant, source, signal }: LogScope,
): Promise<IndexStats> {
  const request = { tenant, matchers, lineFilters: [], startNs, endNs } as const;
  const needs = { bodies: false, attributes: false, lengths: true };
  const aborting = signal === undefined ? {} : { signal };
  const seen = new Set<Labels>();
  const streams = new Set<string>();
  const total = { chunks: 0, bytes: 0, entries: 0 };
  for await (const slices of source.scan({ ...request, direction: "forward", needs, ...aborting }))
    for (const { batch, rows } of slices) {
      if (rows.length > 0) total.chunks++;
      total.entries += rows.length;
      let last = -1;
      for (let i = 0; i < rows.length; i++) {
        const row = rows[i] ?? 0;
        total.bytes += bodyLength(batch, row);
        if (batch.streamOf[row] === last) continue;
        last = batch.streamOf[row] ?? 0;
        const stream = batch.streams[last] ?? {};
        if (seen.has(stream)) continue;
        seen.add(stream);
        streams.add(labelsKey(stream));
      }
    }
  return { streams: streams.size, ...total };
}
