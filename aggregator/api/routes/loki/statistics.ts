import type { Figures } from "../../../query/logql/counted_source.ts";
import { logTraceJson } from "../../../query/trace_json.ts";

/** Loki's statistics (pkg/logqlmodel/stats/stats.proto); those of parts that we don't have are zero, as its clients allow. */
export function statistics({ lines, bytes, entriesReturned, seconds, traces }: Figures) {
  const perSecond = (amount: number) => Math.round(amount / Math.max(seconds, 1e-6));
  return {
    ...(traces === undefined ? {} : { lapwing: logTraceJson(traces) }),
    summary: {
      bytesProcessedPerSecond: perSecond(bytes),
      linesProcessedPerSecond: perSecond(lines),
      totalBytesProcessed: bytes,
      totalLinesProcessed: lines,
      execTime: seconds,
      queueTime: 0,
      subqueries: 0,
      totalEntriesReturned: entriesReturned,
      splits: 0,
      shards: 0,
      totalPostFilterLines: lines,
      totalStructuredMetadataBytesProcessed: 0,
    },
    querier: { store: store(bytes, lines) },
    ingester: {
      totalReached: 0,
      totalChunksMatched: 0,
      totalBatches: 0,
      totalLinesSent: 0,
      store: store(0, 0),
    },
    cache: {
      chunk: cache,
      index: cache,
      result: cache,
      statsResult: cache,
      volumeResult: cache,
      seriesResult: cache,
      labelResult: cache,
      instantMetricResult: cache,
    },
    index: { totalChunks: 0, postFilterChunks: 0, shardsDuration: 0 },
  };
}

const cache = {
  entriesFound: 0,
  entriesRequested: 0,
  entriesStored: 0,
  bytesReceived: 0,
  bytesSent: 0,
  requests: 0,
  downloadTime: 0,
  queryLengthServed: 0,
};

function store(bytes: number, lines: number) {
  return {
    totalChunksRef: 0,
    totalChunksDownloaded: 0,
    chunksDownloadTime: 0,
    queryReferencedStructuredMetadata: false,
    chunk: {
      headChunkBytes: 0,
      headChunkLines: 0,
      decompressedBytes: bytes,
      decompressedLines: lines,
      compressedBytes: 0,
      totalDuplicates: 0,
      postFilterLines: lines,
      headChunkStructuredMetadataBytes: 0,
      decompressedStructuredMetadataBytes: 0,
    },
    chunkRefsFetchTime: 0,
    congestionControlLatency: 0,
    pipelineWrapperFilteredLines: 0,
  };
}

/** Of answers whose cost is not counted. */
export const noStatistics = statistics({ lines: 0, bytes: 0, entriesReturned: 0, seconds: 0 });
