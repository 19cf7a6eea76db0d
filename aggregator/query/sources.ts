import { OperatingError } from "#shared/errors.ts";
import { labelsKey } from "#shared/model/labels.ts";
import type { MetricFamily } from "#shared/model/metrics.ts";
import type { Head } from "../read/head.ts";
import { joinPieces } from "../blocks/metrics/merge_series.ts";
import { joinRecent } from "../blocks/tiers/assemble.ts";
import type { BlockView } from "../read/store.ts";
import { inShare, refuseIfAborted, seriesBytes } from "./in_share.ts";
import { seriesLists } from "./series_lists.ts";
import { mergedByKey } from "./merged_by_key.ts";
import { streamLists } from "./stream_lists.ts";
import { joinExemplars } from "../read/join_exemplars.ts";
import { scanParts, selectByScan } from "../read/log_parts.ts";
import type {
  BucketColumn,
  ExemplarsSource,
  LogScanRequest,
  LogsSource,
  MetricsSource,
  Selection,
  SelectRequest,
  SeriesRequest,
  SeriesSamples,
  StreamVisitor,
} from "../read/source.ts";

export type Sources = {
  readonly metrics: MetricsSource;
  readonly exemplars: ExemplarsSource;
  readonly logs: LogsSource;
};

/**
 * Head and blocks as one. Each call takes the head's answer and the visible blocks in the same tick, before it waits for
 * anything: a commit makes blocks visible and lets the head go in one tick as well, so nothing is seen twice or not at
 * all. `families` is what the store has committed (Store.families).
 */
export function createSources(
  head: Head,
  view: () => BlockView,
  families: (tenant: string) => readonly MetricFamily[],
): Sources {
  const begin = (request: SelectRequest): Selection => {
    const recent = head.selectSamples(request);
    const blocks = view();
    const heldSamples = recent.reduce((sum, { values }) => sum + values.length, 0);
    const { trace } = request;
    if (trace !== undefined) {
      trace.headSeries += recent.length;
      trace.headSamples += heldSamples;
    }
    const read = async (samplesMax: number) => {
      const bounded = { ...request, samplesMax };
      const merged = async () =>
        mergeSamples(await blocks.metrics.select(bounded), recent, bounded);
      return inShare(merged, ({ length }) => length * seriesBytes);
    };
    return { heldSamples, read };
  };
  const eachStream = async (request: SeriesRequest, visit: StreamVisitor) => {
    await inShare(() => {
      const blocks = view();
      head.eachStream(request, visit);
      return blocks.logs.eachStream(request, visit);
    });
    refuseIfAborted(request.signal);
  };
  // What is in blocks arrived earlier than what is in the head.
  const scanLogs = (request: LogScanRequest) =>
    scanParts([...view().logs.parts(request), ...head.logParts(request)], request);
  return {
    metrics: {
      select: async (request) => begin(request).read(request.samplesMax),
      begin,
      ...seriesLists(head, view),
      metadata: async (tenant) => mergeFamilies(families(tenant), head.families(tenant)),
    },
    exemplars: {
      select: async (request) => {
        const recent = head.selectExemplars(request);
        const blocks = view();
        const committed = await inShare(() => blocks.metrics.exemplars(request));
        refuseIfAborted(request.signal);
        return joinExemplars([committed, recent], request.exemplarsMax);
      },
    },
    logs: {
      select: async (request) => {
        const needs = { bodies: true, attributes: true };
        const records = await selectByScan(scanLogs({ ...request, needs }), request);
        refuseIfAborted(request.signal);
        return records;
      },
      scan: scanLogs,
      ...streamLists(eachStream),
    },
  };
}

/** Both are sorted by labelsKey. Of equal times the committed sample stands. */
function mergeSamples(
  blocks: SeriesSamples[],
  recent: readonly SeriesSamples[],
  { samplesMax, signal, tiers }: SelectRequest,
): SeriesSamples[] {
  refuseIfAborted(signal);
  if (recent.length === 0) return blocks;
  const columns = tiers?.columns ?? [];
  const merged = mergedByKey(blocks.map(keyed), recent.map(keyed), (committed, own) => ({
    key: committed.key,
    series: joinTiered(committed.series, own.series, columns),
  }));
  let samples = 0;
  return merged.map(({ series }) => {
    samples += series.values.length;
    if (samples > samplesMax)
      throw new OperatingError("overloaded", `query reads more than ${samplesMax} samples`);
    return series;
  });
}

function keyed(series: SeriesSamples): { readonly key: string; readonly series: SeriesSamples } {
  return { key: series.key ?? labelsKey(series.labels), series };
}

/** A committed series says so where it has buckets. */
function joinTiered(
  committed: SeriesSamples,
  recent: SeriesSamples,
  columns: readonly BucketColumn[],
): SeriesSamples {
  if (committed.buckets === undefined) return joinPieces([committed, recent]);
  return joinRecent(committed, recent, committed.buckets.spans, columns);
}

/** By name; what the head has heard is newer. */
function mergeFamilies(
  committed: readonly MetricFamily[],
  recent: readonly MetricFamily[],
): MetricFamily[] {
  const byName = new Map<string, MetricFamily>();
  for (const family of [...committed, ...recent]) byName.set(family.name, family);
  return [...byName.values()];
}
