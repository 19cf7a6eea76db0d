import { assert } from "#shared/assert.ts";
import { OperatingError } from "#shared/errors.ts";
import type { LaneId } from "#proto/bus/agent_port.ts";
import type { DecodedMetrics } from "#proto/codec/metrics.ts";
import type { Drops } from "#shared/model/account.ts";
import type { SeriesExemplars } from "#shared/model/exemplars.ts";
import type { Labels } from "#shared/model/labels.ts";
import type { LogsBatch } from "#shared/model/logs.ts";
import type { MetricFamily } from "#shared/model/metrics.ts";
import { PerSignal } from "#shared/signals.ts";
import { wordsOf } from "#shared/model/special_values.ts";
import { cutContentOf } from "../read/cut_content.ts";
import { joinExemplars } from "../read/join_exemplars.ts";
import type { LogPart } from "../read/log_parts.ts";
import type {
  ExemplarRequest,
  LogScanRequest,
  SelectRequest,
  SeriesRequest,
  SeriesSamples,
  StreamVisitor,
} from "../read/source.ts";
import { CellMemory } from "./samples/cell_memory.ts";
import { mergedByKey } from "../query/merged_by_key.ts";
import { joinedStarts } from "../read/start_timestamps.ts";
import type { HeadSeries } from "./head_series.ts";
import { isOwn } from "../read/own_agent.ts";
import type {
  Head,
  HeadContent,
  HeadOverview,
  HeadPart,
  SignalHead,
  HeadSize,
} from "../read/head.ts";
import { joinedContent } from "./joined_content.ts";
import { logPartsOf } from "./log_parts.ts";
import { LogsGeneration } from "./logs_generation.ts";
import { MetricsGeneration } from "./metrics_generation.ts";
import { SampleSink } from "./samples/sample_sink.ts";
import { type HeldLabels, SeriesKeys } from "./series_keys.ts";
import { eachHeadStream } from "./head_streams.ts";
import type { TenantLimits } from "./tenant_limits.ts";

export type HeadOptions = {
  /** How far a timestamp may lie ahead of nowMs: the clock of the agent or of the aggregator, whichever is ahead. */
  readonly aheadMaxMs?: number;
  /** None where absent. */
  readonly seriesLimits?: TenantLimits;
  /** Of an agent in the same process, so that both hold the same label sets. */
  readonly heldLabels?: HeldLabels | undefined;
  /** Of signals beside the built-in ones. */
  readonly added?: readonly SignalHead[];
  /** Told of what agents send, before it is appended. Read only. */
  readonly onMetrics?: (lane: LaneId, decoded: DecodedMetrics) => void;
  /** Told of log records in the tick in which they can be found. Read only. */
  readonly onLogs?: (lane: LaneId, batch: LogsBatch, isBacklog: boolean) => void;
};

const aheadMaxDefaultMs = 10 * 60_000;

export function createHead(options: HeadOptions = {}): Head {
  return new MemoryHead(options);
}

type Generation = {
  /** Of agents. */
  readonly metrics: MetricsGeneration;
  /** What is made here of lines; frozen with them. */
  readonly own: MetricsGeneration;
  readonly logs: LogsGeneration;
};
/** Without samples of agents where only lines are frozen. */
type Frozen = Omit<Generation, "metrics"> & Partial<Pick<Generation, "metrics">>;

type KeyedSamples = SeriesSamples & { readonly key: string };

class MemoryHead implements Head {
  readonly added: readonly SignalHead[];
  readonly #options: HeadOptions;
  readonly #aheadMaxMs: number;
  readonly #limits: TenantLimits | undefined;
  readonly #keys: SeriesKeys;
  readonly #sink = new SampleSink();
  readonly #memory = new CellMemory();
  /** What is let go more often has memory of its own: pieces that wait for the next generation would be taken for unused ones. */
  readonly #ownMemory = new CellMemory();
  #open: Generation;
  #frozen: Frozen | undefined;
  /** Appends since start, so that the first one in can be told. */
  #arrivals = 0;

  constructor(options: HeadOptions) {
    const { aheadMaxMs = aheadMaxDefaultMs, seriesLimits: limits } = options;
    this.#options = options;
    this.added = options.added ?? [];
    this.#aheadMaxMs = aheadMaxMs;
    this.#keys = new SeriesKeys(options.heldLabels);
    this.#limits = limits;
    limits?.setKnown((tenant) => this.#knownSeries(tenant));
    this.#open = {
      metrics: this.#newMetrics(),
      own: this.#newMetrics(this.#ownMemory),
      logs: new LogsGeneration(),
    };
  }

  #newMetrics(memory = this.#memory): MetricsGeneration {
    return new MetricsGeneration(this.#keys, memory, this.#limits);
  }

  *#knownSeries(tenant: string): Generator<Labels> {
    for (const metrics of this.#metrics()) yield* metrics.seriesOf(tenant)?.labels ?? [];
  }

  appendMetrics(lane: LaneId, decoded: DecodedMetrics, nowMs: number): Drops {
    const latestMs = nowMs + this.#aheadMaxMs;
    const isOwnLane = isOwn(lane);
    if (!isOwnLane) this.#options.onMetrics?.(lane, decoded);
    const generation = isOwnLane ? this.#open.own : this.#open.metrics;
    return generation.append(lane, decoded, latestMs, this.#arrivals++);
  }

  appendLogs(lane: LaneId, batch: LogsBatch, nowMs: number, isBacklog = false): Drops {
    const kept = this.#open.logs.append(lane.tenant, batch, nowMs + this.#aheadMaxMs);
    if (kept.batch.streamOf.length > 0) this.#options.onLogs?.(lane, kept.batch, isBacklog);
    return kept.drops;
  }

  async freeze(part: HeadPart): Promise<HeadContent> {
    assert(this.#frozen === undefined, "one generation is frozen at a time");
    const { metrics, own, logs } = this.#open;
    const isAll = part === "all";
    this.#frozen = isAll ? this.#open : { own, logs };
    this.#open = {
      metrics: isAll ? this.#newMetrics() : metrics,
      own: this.#newMetrics(this.#ownMemory),
      logs: new LogsGeneration(),
    };
    const added = new Map(this.added.map((one) => [one.descriptor.name, one.freeze()]));
    const frozen = [await own.freeze()];
    if (isAll) frozen.push(await metrics.freeze());
    const { metrics: samples, exemplars, families, dropped } = joinedContent(frozen);
    const content = cutContentOf({ metrics: samples, exemplars, logs: logs.content(), added });
    return { content, families, dropped };
  }

  release(): void {
    assert(this.#frozen !== undefined, "a frozen generation is there to be released");
    this.#frozen.metrics?.release();
    this.#frozen.own.release();
    for (const one of this.added) one.release();
    this.#frozen = undefined;
  }

  size(): HeadSize {
    const metrics = { items: 0, bytes: 0 };
    const logs = { items: 0, bytes: 0 };
    for (const { samples, bytes } of this.#metrics()) {
      metrics.items += samples;
      metrics.bytes += bytes;
    }
    for (const { records, bytes } of this.#logs()) {
      logs.items += records;
      logs.bytes += bytes;
    }
    const added = this.added.map((one) => [one.descriptor.name, one.size()] as const);
    const sizes = PerSignal.of({ metrics, logs }, added);
    const [open, frozen] = [this.#open, this.#frozen];
    return {
      items: sizes.map((_, { items }) => items),
      bytes: sizes.all.reduce((sum, { bytes }) => sum + bytes, 0),
      sampleBytes: metrics.bytes,
      // Nearly all series are in both generations.
      series:
        Math.max(open.metrics.series, frozen?.metrics?.series ?? 0) +
        Math.max(open.own.series, frozen?.own.series ?? 0),
    };
  }

  /** In order of arrival. */
  #metrics(): MetricsGeneration[] {
    const { metrics, own } = this.#open;
    if (this.#frozen === undefined) return [own, metrics];
    const before = this.#frozen.metrics === undefined ? [] : [this.#frozen.metrics];
    return [this.#frozen.own, ...before, own, metrics];
  }

  /** In order of arrival. */
  #logs(): LogsGeneration[] {
    return this.#frozen === undefined ? [this.#open.logs] : [this.#frozen.logs, this.#open.logs];
  }

  selectSamples(request: SelectRequest): SeriesSamples[] {
    const { tenant, matchers, startMs, endMs, samplesMax, newest } = request;
    // One window that ends with the range: what is older than the newest sample is not looked at.
    const isNewest = newest?.count === 1 && newest.firstEndMs === endMs;
    let found: KeyedSamples[] = [];
    let samples = 0;
    for (const metrics of this.#metrics()) {
      const series = metrics.seriesOf(tenant);
      if (series === undefined) continue;
      const own: KeyedSamples[] = [];
      for (const number of series.inOrder(metrics.find(tenant, matchers))) {
        const selected = series.select(number, startMs, endMs, this.#sink, isNewest);
        if (selected === undefined) continue;
        samples += selected.values.length;
        if (samples > samplesMax)
          throw new OperatingError("overloaded", `query reads more than ${samplesMax} samples`);
        own.push(selected);
      }
      found = mergedByKey(found, own, (frozen, open) => this.#join(frozen, open));
    }
    return found;
  }

  /** Of equal times the frozen sample stands. */
  #join(frozen: KeyedSamples, open: KeyedSamples): KeyedSamples {
    const sink = this.#sink;
    sink.clear();
    for (const [arrival, { timestampsMs, values, histograms, fine }] of [frozen, open].entries()) {
      const words = wordsOf(values);
      for (const [i, timestampMs] of timestampsMs.entries()) {
        const histogram = histograms?.[i];
        if (histogram !== undefined) sink.pushHistogram(timestampMs, histogram, arrival);
        else sink.push(timestampMs, words[2 * i] ?? 0, words[2 * i + 1] ?? 0, arrival);
        if (fine?.[i] === 1) sink.markFine();
      }
    }
    const samples = sink.take();
    const starts = joinedStarts(samples.timestampsMs, [frozen, open]);
    return { ...frozen, fine: undefined, ...samples, ...(starts === undefined ? {} : { starts }) };
  }

  selectExemplars(request: ExemplarRequest): SeriesExemplars[] {
    const { tenant, selectors, startMs, endMs, exemplarsMax } = request;
    const parts = this.#metrics().map(
      (metrics) => metrics.exemplars(tenant)?.select(selectors, startMs, endMs) ?? [],
    );
    return joinExemplars(parts, exemplarsMax);
  }

  logParts(request: LogScanRequest): LogPart[] {
    const entries = this.#logs().flatMap((logs) => logs.batches(request.tenant));
    return logPartsOf(entries, request);
  }

  eachSeries(
    { tenant, selectors, startMs, endMs }: SeriesRequest,
    visit: (labels: Labels) => void,
  ): void {
    for (const metrics of this.#metrics()) {
      const series = metrics.seriesOf(tenant);
      if (series === undefined) continue;
      const { labels } = series;
      if (selectors.length === 0) {
        for (const [number, own] of labels.entries())
          if (series.hasSample(number, startMs, endMs)) visit(own);
        continue;
      }
      for (const number of selectors.flatMap((matchers) => metrics.find(tenant, matchers)))
        if (series.hasSample(number, startMs, endMs)) visit(labels.at(number) ?? {});
    }
  }

  eachStream(request: SeriesRequest, visit: StreamVisitor): void {
    for (const logs of this.#logs()) eachHeadStream(logs.batches(request.tenant), request, visit);
  }

  families(tenant: string): readonly MetricFamily[] {
    const families = new Map<string, MetricFamily>();
    for (const metrics of this.#metrics())
      for (const [name, family] of metrics.families(tenant)) families.set(name, family);
    return [...families.values()];
  }

  overview(tenant: string): HeadOverview {
    const found: Labels[] = [];
    let [runs, minMs, maxMs] = [0, Infinity, -Infinity];
    const before: HeadSeries[] = [];
    for (const metrics of this.#metrics()) {
      const all = metrics.seriesOf(tenant);
      const times = metrics.times(tenant);
      minMs = Math.min(minMs, times.minMs);
      maxMs = Math.max(maxMs, times.maxMs);
      if (all === undefined) continue;
      runs += all.size;
      for (const [number, labels] of all.labels.entries()) {
        const hash = all.hash(number);
        if (before.every((one) => one.numberOf(labels, hash) === undefined)) found.push(labels);
      }
      before.push(all);
    }
    if (minMs > maxMs) return { series: found, runs, minMs: undefined, maxMs: undefined };
    return { series: found, runs, minMs, maxMs };
  }
}
