import { bodyLength } from "#shared/model/logs.ts";
import { ReadTrace } from "../../../read/read_trace.ts";
import { logTraceJson } from "../../../query/trace_json.ts";
import type {
  LogScanRequest,
  LogSelectRequest,
  LogSlice,
  LogsSource,
} from "../../../read/source.ts";

const nsPerMs = 1_000_000n;

/** What a query has read, and how long it took. */
export type Figures = {
  /** Records that were handed to the query, after what the store has filtered. */
  readonly lines: number;
  readonly bytes: number;
  readonly entriesReturned: number;
  readonly seconds: number;
  /** Of each scan, where notes were taken. */
  readonly traces?: readonly ReadTrace[] | undefined;
};

/** A source that counts what is read from it. */
export class CountedSource implements LogsSource {
  lines = 0;
  bytes = 0;
  readonly #source: LogsSource;
  readonly #traces: ReadTrace[] | undefined;
  readonly #startedMs = performance.now();

  /** Takes notes of what is read where that is asked for. */
  constructor(source: LogsSource, tracing = false) {
    this.#source = source;
    this.#traces = tracing ? [] : undefined;
  }

  figures(entriesReturned: number): Figures {
    const seconds = (performance.now() - this.#startedMs) / 1_000;
    const traces = this.#traces;
    return { lines: this.lines, bytes: this.bytes, entriesReturned, seconds, traces };
  }

  select: LogsSource["select"] = async (request) => {
    const records = await this.#source.select(this.#traced(request));
    this.lines += records.length;
    for (const { body } of records) this.bytes += Buffer.byteLength(body);
    return records;
  };

  scan: LogsSource["scan"] = (request) => this.#counted(this.#source.scan(this.#traced(request)));

  eachStream: LogsSource["eachStream"] = (request, visit) =>
    this.#source.eachStream(request, visit);

  series: LogsSource["series"] = (request) => this.#source.series(request);
  labelNames: LogsSource["labelNames"] = (request) => this.#source.labelNames(request);
  labelValues: LogsSource["labelValues"] = (name, request) =>
    this.#source.labelValues(name, request);

  #traced<Request extends LogScanRequest | LogSelectRequest>(request: Request): Request {
    if (this.#traces === undefined) return request;
    const { matchers, startNs, endNs } = request;
    const trace = new ReadTrace(matchers, Number(startNs / nsPerMs), Number(endNs / nsPerMs));
    this.#traces.push(trace);
    return { ...request, trace };
  }

  async *#counted(spans: AsyncGenerator<readonly LogSlice[]>): AsyncGenerator<readonly LogSlice[]> {
    for await (const slices of spans) {
      for (const { batch, rows } of slices) {
        this.lines += rows.length;
        const ends = batch.bodyEnds;
        if (rows.length === ends.length) this.bytes += ends.at(-1) ?? 0;
        else for (let i = 0; i < rows.length; i++) this.bytes += bodyLength(batch, rows[i] ?? 0);
      }
      yield slices;
    }
  }
}

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
