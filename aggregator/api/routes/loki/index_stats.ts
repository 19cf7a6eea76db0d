import type { Matcher } from "#shared/model/labels.ts";
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
  // Of each stream 52 bits of its key's hash: of a million, two are taken for one once in 10,000 times.
  const streams = new Set<number>();
  const total = { chunks: 0, bytes: 0, entries: 0 };
  for await (const slices of source.scan({ ...request, direction: "forward", needs, ...aborting }))
    for (const { batch, rows } of slices) {
      if (rows.length > 0) total.chunks++;
      total.entries += rows.length;
      const seen = new Uint8Array(batch.streams.length);
      for (let i = 0; i < rows.length; i++) {
        const row = rows[i] ?? 0;
        total.bytes += bodyLength(batch, row);
        const stream = batch.streamOf[row] ?? 0;
        if (seen[stream] === 1) continue;
        seen[stream] = 1;
        const hash = Bun.hash(labelsKey(batch.streams[stream] ?? {}));
        streams.add(Number(BigInt.asUintN(52, hash)));
      }
    }
  return { streams: streams.size, ...total };
}
