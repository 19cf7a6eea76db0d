import type { LaneId } from "#proto/bus/agent_port.ts";
import type { DecodedMetrics } from "#proto/codec/metrics.ts";
import type { Drops } from "#shared/model/account.ts";
import type { SeriesExemplars } from "#shared/model/exemplars.ts";
import type { Labels } from "#shared/model/labels.ts";
import type { LogsBatch } from "#shared/model/logs.ts";
import type { MetricFamily } from "#shared/model/metrics.ts";
import type { PerSignal, SignalDescriptor } from "#shared/signals.ts";
import type { LogPart } from "./log_parts.ts";
import type {
  ExemplarRequest,
  LogScanRequest,
  SelectRequest,
  SeriesRequest,
  SeriesSamples,
  StreamVisitor,
} from "./source.ts";
import type { CutContent, CutItems } from "./cut_content.ts";
import type { Intake } from "./intake.ts";

/**
 * The recent part, in memory. Two generations: the open one takes appends, the frozen one is being written to blocks; both
 * answer queries. Nothing here is durable, and nothing needs to be: it can be rebuilt from the uplink.
 */
export type Head = {
  /** Of the signals beside the built-in ones. */
  readonly added: readonly SignalHead[];
  /**
   * Appends all of a decoded frame. Returns what was not kept, by reason, in items (samples of a series at a time it already
   * has in the head: duplicate_sample, or duplicate_timestamp where the value is another one; a timestamp too far ahead:
   * out_of_bounds_timestamp; a series over the tenant's limit: series_limit).
   */
  appendMetrics(lane: LaneId, decoded: DecodedMetrics, nowMs: number): Drops;
  /** `isBacklog`: it was left by an outage, and what is newer of its lane is here. */
  appendLogs(lane: LaneId, batch: LogsBatch, nowMs: number, isBacklog?: boolean): Drops;
  /** Freezes the open generation, or a part of it, in the tick of the call, and gives its content once that is counted. At most one at a time. */
  freeze(part: HeadPart): Promise<HeadContent>;
  /** The frozen generation is in blocks: forget it. */
  release(): void;
  /** Items and an estimate of bytes in both generations. */
  size(): HeadSize;
  /** Same contract as MetricsSource, over the head only. Results are taken in the tick of the call. */
  selectSamples(request: SelectRequest): SeriesSamples[];
  /** As ExemplarsSource has it. */
  selectExemplars(request: ExemplarRequest): SeriesExemplars[];
  /** What a scan reads: batches as they are in the tick of the call, in order of arrival. */
  logParts(request: LogScanRequest): LogPart[];
  /** Visits those with a sample in the range, in no order; some more than once. */
  eachSeries(request: SeriesRequest, visit: (labels: Labels) => void): void;
  eachStream(request: SeriesRequest, visit: StreamVisitor): void;
  families(tenant: string): readonly MetricFamily[];
  /** What is here of a tenant's metrics, without looking at samples. */
  overview(tenant: string): HeadOverview;
};

/** The recent part of a signal that is passed in: two generations, frozen and released with the head's own. */
export type SignalHead = Intake & {
  readonly descriptor: SignalDescriptor;
  /** Items and an estimate of bytes in both generations. */
  size(): { readonly items: number; readonly bytes: number };
  /** By tenant; readable until the release. */
  freeze(): ReadonlyMap<string, CutItems>;
  release(): void;
};

/** `logs`: all but the samples of agents. */
export type HeadPart = "all" | "logs";

export type HeadSize = {
  readonly items: PerSignal<number>;
  readonly bytes: number;
  /** Of these, those of metrics. */
  readonly sampleBytes: number;
  readonly series: number;
};

/** Unix milliseconds, undefined where there is no sample. */
export type HeadOverview = {
  readonly series: readonly Labels[];
  /** Runs of samples, one a series and generation. */
  readonly runs: number;
  readonly minMs: number | undefined;
  readonly maxMs: number | undefined;
};

export type HeadContent = {
  /** Readable until the release. */
  readonly content: CutContent;
  /** By tenant. */
  readonly families: ReadonlyMap<string, readonly MetricFamily[]>;
  /** Items that were appended and turned out to be no good only now, by lane. */
  readonly dropped: readonly { readonly lane: LaneId; readonly drops: Drops }[];
};
