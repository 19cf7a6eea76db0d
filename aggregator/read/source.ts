import type { SeriesExemplars } from "#shared/model/exemplars.ts";
import type { HistogramColumn } from "#shared/model/histogram.ts";
import type { MissingBlocks } from "./missing_blocks.ts";
import type { ReadTrace } from "./read_trace.ts";
import type { Labels, Matcher } from "#shared/model/labels.ts";
import type { LineTemplate } from "#shared/model/line_template.ts";
import type { LogsBatch } from "#shared/model/logs.ts";
import type { FineMarks, MetricFamily } from "#shared/model/metrics.ts";

/**
 * What the query engines read from: head and blocks as one, at one catalog version. Each call takes its own consistent view;
 * a series or record is in it once.
 */
export type MetricsSource = {
  /** Series that match, sorted by labels, samples ascending in time, startMs and endMs both inclusive. Stale markers are kept. */
  select(request: SelectRequest): Promise<SeriesSamples[]>;
  /**
   * As select(), in two steps: the view is taken at once, and read later. What is begun in one tick sees one state, so that the parts of a query agree.
   * Absent where nothing can change between two calls of select().
   */
  begin?(request: SelectRequest): Selection;
  /** Label sets that have a sample in the range. */
  series(request: SeriesRequest): Promise<Labels[]>;
  /** Names of labels, sorted. */
  labelNames(request: SeriesRequest): Promise<string[]>;
  /** Values of one label, sorted. */
  labelValues(name: string, request: SeriesRequest): Promise<string[]>;
  metadata(tenant: string): Promise<MetricFamily[]>;
};

export type Selection = {
  /** Samples of the head that it holds until it is read. */
  readonly heldSamples: number;
  /** Called once. `samplesMax`, its own among them, stands in the request's place. */
  read(samplesMax: number): Promise<SeriesSamples[]>;
};

export type SelectRequest = {
  readonly tenant: string;
  readonly matchers: readonly Matcher[];
  /** Unix milliseconds, inclusive. */
  readonly startMs: number;
  readonly endMs: number;
  /** Throws OperatingError("overloaded") when the answer would hold more. */
  readonly samplesMax: number;
  /** Given where only the newest sample of each window is looked at: the source may leave out the others. */
  readonly newest?: Windows;
  /** Whether SeriesSamples.starts is wanted: it costs a column more to read. */
  readonly withStarts?: boolean;
  /**
   * Given where only it counts that there is a sample, not which: the source may give any values instead, but no stale markers, and those that
   * are there where they are.
   */
  readonly presence?: boolean;
  /** Records what a query reads (only when tracing is on). */
  readonly trace?: ReadTrace;
  /** Collects the blocks that are left out because they are damaged. */
  readonly missing?: MissingBlocks | undefined;
  /** What is done with buckets. Without it the last sample of each bucket stands for all of them. */
  readonly tiers?: TierWish;
  readonly signal?: AbortSignal;
};

/** Exemplars of head and blocks as one, each once. */
export type ExemplarsSource = {
  /** Sorted by labels; series without an exemplar in the range are absent. Throws OperatingError("overloaded") over the limit. */
  select(request: ExemplarRequest): Promise<SeriesExemplars[]>;
};

export type ExemplarRequest = {
  readonly tenant: string;
  /** Alternatives: what fits any of them. */
  readonly selectors: readonly (readonly Matcher[])[];
  /** Of the exemplars themselves, Unix milliseconds, both inclusive. */
  readonly startMs: number;
  readonly endMs: number;
  readonly exemplarsMax: number;
  /** As in SelectRequest. */
  readonly missing?: MissingBlocks | undefined;
  readonly signal?: AbortSignal;
};

/** Windows (end - lengthMs, end], the first end at firstEndMs, `count` of them every stepMs. */
export type Windows = {
  readonly firstEndMs: number;
  readonly stepMs: number;
  readonly count: number;
  readonly lengthMs: number;
};

export type TierWish = {
  /**
   * All times at which windows begin and end are multiples of this, so that buckets whose width divides it answer as samples do, and
   * the source may give them in place of samples. 0 where only samples will do, as long as there are any.
   */
  readonly alignedMs: number;
  /** What is asked of buckets besides time and value of the last sample. */
  readonly columns: readonly BucketColumn[];
};

/** What a bucket keeps of its samples, besides the last one's time and value; blocks/tiers/bucket_buffer.ts says how. */
export type BucketColumn =
  | "count"
  | "fine"
  | "sum"
  | "min"
  | "max"
  | "first"
  | "firstMs"
  | "resets";

/** A span (afterMs, untilMs] of an answer, in samples (bucketMs 0) or buckets. */
export type TierSpan = {
  readonly afterMs: number;
  readonly untilMs: number;
  readonly bucketMs: number;
};

/** What entries of a series are, where some of the answer's are buckets. A sample is a bucket of itself in all columns. */
export type SeriesBuckets = {
  /** From the beginning to the end of all time, without gaps; the same array for all series of an answer. */
  readonly spans: readonly TierSpan[];
  /** Parallel to the values; those that were asked for. */
  readonly columns: Readonly<Partial<Record<BucketColumn, Float64Array>>>;
};

/** An empty list of selectors means everything. */
export type SeriesRequest = {
  readonly tenant: string;
  readonly selectors: readonly (readonly Matcher[])[];
  readonly startMs: number;
  readonly endMs: number;
  /** As in SelectRequest. */
  readonly missing?: MissingBlocks | undefined;
  readonly signal?: AbortSignal;
};

/** Parallel arrays. Values may hold stale markers: test by bits (shared/model/special_values.ts). Read only: shared with caches. */
export type SeriesSamples = {
  readonly labels: Labels;
  /** labelsKey() of the labels, where it is known already: it costs more than the samples. */
  readonly key?: string;
  readonly timestampsMs: Float64Array;
  readonly values: Float64Array;
  /**
   * Parallel to the values, where the series has native histograms: an entry stands in place of the value. Stale markers
   * are values. Absent for series of numbers alone, which are nearly all.
   */
  readonly histograms?: HistogramColumn | undefined;
  /**
   * Parallel to the values: since when each counts, Unix milliseconds, 0 where that is not known. Absent where it is known of
   * none, or was not asked for.
   */
  readonly starts?: Float64Array | undefined;
  readonly fine?: FineMarks | undefined;
  /** Where some of the answer are buckets: their last samples are the samples. */
  readonly buckets?: SeriesBuckets | undefined;
};

/** Is given the label set of a stream, and its labelsKey() where that is known. Must not throw but to end the visit. */
export type StreamVisitor = (labels: Labels, key?: string) => void;

export type LogsSource = {
  select(request: LogSelectRequest): Promise<LogRecord[]>;
  /**
   * All records that match, as columns. Each step is one span of time apart from those of all other steps, in the direction asked
   * for, so that a reader that has enough may stop. Throws OperatingError("overloaded") where a span is too large to be held.
   */
  scan(request: LogScanRequest): AsyncGenerator<readonly LogSlice[]>;
  /**
   * Visits the label sets of the streams that match and have a record in the range, in no order, some of them several times; holds those of
   * one block at most.
   */
  eachStream(request: SeriesRequest, visit: StreamVisitor): Promise<void>;
  /** The same, once each, sorted. Throws OperatingError("bad_request") where they are too many to be held. */
  series(request: SeriesRequest): Promise<Labels[]>;
  labelNames(request: SeriesRequest): Promise<string[]>;
  labelValues(name: string, request: SeriesRequest): Promise<string[]>;
};

export type LogSelectRequest = {
  readonly tenant: string;
  readonly matchers: readonly Matcher[];
  /** Pushed down to the store; all must hold. */
  readonly lineFilters: readonly LineFilter[];
  /** Unix nanoseconds; start inclusive, end exclusive. */
  readonly startNs: bigint;
  readonly endNs: bigint;
  /** At most this many records, the newest for backward, the oldest for forward, in that order; stable for equal times. */
  readonly limit: number;
  readonly direction: "backward" | "forward";
  /** Records what a query reads (only when tracing is on). */
  readonly trace?: ReadTrace;
  /** Collects the blocks that are left out because they are damaged. */
  readonly missing?: MissingBlocks | undefined;
  readonly signal?: AbortSignal;
};

export type LogScanRequest = Omit<LogSelectRequest, "limit"> & {
  /** Records that no hint lets go are wanted; others may come all the same. */
  readonly hints?: readonly LineHint[];
  /** What of a record is looked at; the rest may be left empty (bodies of no bytes, no attributes). */
  readonly needs: {
    readonly bodies: boolean;
    readonly attributes: boolean;
    /** Without bodies: `bodyEnds` as if they were there. Ask bodyLength() alone; the bytes are left out. */
    readonly lengths?: boolean;
    /** With bodies: where lines lie taken apart, it takes out of them what is wanted, and lines are made only where it says so. */
    readonly extract?: LineExtractor;
    /**
     * Without bodies and lengths: records are counted, and their severities not looked at. Unix milliseconds, whole, ascending: one record may stand
     * for several of its stream, of times behind a bound and up to the next one (LogSlice.counts).
     */
    readonly countedWithin?: Float64Array;
    /** Without bodies: templates where lines were taken apart, and the bodies of those that were not. Lengths of variables are left out. */
    readonly templates?: boolean;
  };
};

/**
 * Records of one batch: `rows` are those that match, in the order of the batch. Slices stand in the order of arrival, which is also the
 * order of records of equal time: by slice, then by row. Read only: batches are shared with the head and caches.
 */
export type LogSlice = {
  readonly batch: LogsBatch;
  readonly rows: Uint32Array;
  /** For how many records each of the rows stands, where LogScanRequest.needs.countedWithin allows it and it is not for one. */
  readonly counts?: Uint32Array;
  /** What LogScanRequest.needs.extract has taken out of the lines, which are not in the batch then; by row, in their order. */
  readonly extracted?: ExtractedLines & {
    /** The records whose line has to be looked at, with their lines. */
    readonly withLines: LogsBatch | undefined;
  };
};

/** Lines that lie taken apart, by record; nothing is made of them but what is asked for. Read only. */
export type LinesAtHand = Pick<LogsBatch, "streams" | "streamOf" | "severities" | "attributes"> & {
  /** The records that are wanted, ascending. */
  readonly rows: Uint32Array;
  readonly templates: readonly LineTemplate[];
  /** Index into `templates`; of a line that was not taken apart it is none of them. */
  readonly templateOf: Uint32Array;
  /** By variable, for a template that a wanted record has: what its values are made of; undefined where that is not known. */
  readonly bytesOf: (template: number) => readonly (VariableBytes | undefined)[];
  /** For the texts of a variable; undefined where no record has one. */
  readonly cursorOf: (variable: number) => VariableCursor | undefined;
};

/** Which bytes stand in the values of a variable, and which at their begin: 256 entries each. */
export type VariableBytes = {
  readonly isIn: Uint8Array;
  readonly isFirst: Uint8Array;
  readonly mayBeEmpty: boolean;
};

/** seek() goes to a record that is not before the last one; false where it has no such variable, else it is bytes[start, end). */
export type VariableCursor = {
  readonly bytes: Uint8Array;
  readonly start: number;
  readonly end: number;
  seek(record: number): boolean;
};

/** In two steps: cursors are asked for, of the variables that it names, when their texts were read. */
export type LineExtractor = (lines: LinesAtHand) => {
  readonly variables: ReadonlySet<number>;
  readonly take: () => Promise<ExtractedLines>;
};

export type ExtractedLines = {
  /** By wanted record: what the extractor says, or wantsLine: then its line is made. */
  readonly cases: Int32Array;
  /** Parallel to the cases. */
  readonly values: Float64Array;
};
/** A record whose line has to be looked at. */
export const wantsLine = -1;

export type LineFilter = {
  /** Contains, lacks, matches, does not match (RE2, not anchored). Several values are alternatives ("or"). */
  readonly op: "|=" | "!=" | "|~" | "!~";
  readonly values: readonly string[];
};

/** A record may be left out whose line holds none of the texts, unless its stream or metadata has one of the labels, and not empty. */
export type LineHint = { readonly texts: readonly string[]; readonly unless: readonly string[] };

export type LogRecord = {
  readonly timestampNs: bigint;
  readonly stream: Labels;
  readonly body: string;
  readonly severity: number;
  /** Structured metadata. */
  readonly attributes?: Labels;
};
