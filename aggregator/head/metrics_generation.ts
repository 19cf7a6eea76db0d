import type { LaneId } from "#proto/bus/agent_port.ts";
import type { DecodedMetrics, DecodedSchema } from "#proto/codec/metrics.ts";
import { RoundShares } from "#shared/async/turns.ts";
import type { SeriesLimit } from "#shared/cardinality/series_limit.ts";
import { addDrops, type Drops } from "#shared/model/account.ts";
import type { SeriesExemplars } from "#shared/model/exemplars.ts";
import type { Matcher } from "#shared/model/labels.ts";
import type { MetricFamily } from "#shared/model/metrics.ts";
import { isAbsent, setAbsent, wordsOf } from "#shared/model/special_values.ts";
import type { CutMetrics, CutPart } from "../read/cut_metrics.ts";
import { isOwn } from "../read/own_agent.ts";
import { TimeWindows } from "../read/cut_spans.ts";
import type { CellMemory } from "./samples/cell_memory.ts";
import type { MetricsContent } from "./joined_content.ts";
import { HeadExemplars } from "./head_exemplars.ts";
import { HeadSeries } from "./head_series.ts";
import { LaneDrops } from "./lane_drops.ts";
import { SampleSink } from "./samples/sample_sink.ts";
import { SampleTable } from "./samples/sample_table.ts";
import { SeriesIndex } from "./series_index.ts";
import type { SeriesKeys } from "./series_keys.ts";
import type { TenantLimits } from "./tenant_limits.ts";

/** A rough price of a series of one generation beside its samples: its hash, its place, its entry in tables. Labels are the schema's. */
const seriesBytes = 80;
const seriesBetweenLooks = 64;

type TenantMetrics = {
  readonly series: HeadSeries;
  readonly index: SeriesIndex;
  readonly families: Map<string, MetricFamily>;
  readonly times: TimeBounds;
  readonly windows: TimeWindows;
  readonly limit: SeriesLimit | undefined;
  samples: number;
  /** Whether a sample is fine. */
  hasFine: boolean;
  /** Made with the first one. */
  exemplars?: HeadExemplars;
};
/** Unix milliseconds of the first and last sample; the first is after the last where there is none. */
type TimeBounds = { minMs: number; maxMs: number };
type SchemaTable = {
  readonly table: SampleTable;
  columns: number;
  /** Columns of series over the tenant's limit. */
  refused: Set<number> | undefined;
};

/** The metrics of one generation of the head, by tenant. */
export class MetricsGeneration {
  samples = 0;
  series = 0;
  readonly #keys: SeriesKeys;
  readonly #memory: CellMemory;
  readonly #limits: TenantLimits | undefined;
  readonly #tenants = new Map<string, TenantMetrics>();
  /** A decoded schema is one lane's, so of one tenant. */
  readonly #tables = new Map<DecodedSchema, SchemaTable>();
  #sampleBytes = 0;

  constructor(keys: SeriesKeys, memory: CellMemory, limits: TenantLimits | undefined) {
    this.#keys = keys;
    this.#memory = memory;
    this.#limits = limits;
  }

  get bytes(): number {
    let bytes = this.#sampleBytes + this.series * seriesBytes;
    for (const { exemplars } of this.#tenants.values()) bytes += exemplars?.bytes ?? 0;
    return bytes;
  }

  exemplars(tenant: string): HeadExemplars | undefined {
    return this.#tenants.get(tenant)?.exemplars;
  }

  seriesOf(tenant: string): HeadSeries | undefined {
    return this.#tenants.get(tenant)?.series;
  }

  /** Numbers in seriesOf(). */
  find(tenant: string, matchers: readonly Matcher[]): readonly number[] {
    return this.#tenants.get(tenant)?.index.find(matchers) ?? [];
  }

  families(tenant: string): ReadonlyMap<string, MetricFamily> {
    return this.#tenants.get(tenant)?.families ?? new Map();
  }

  times(tenant: string): Readonly<TimeBounds> {
    return this.#tenants.get(tenant)?.times ?? noTimes();
  }

  append(lane: LaneId, decoded: DecodedMetrics, latestMs: number, arrival: number): Drops {
    const tenant = this.#tenant(lane.tenant);
    for (const family of decoded.families) tenant.families.set(family.name, family);
    let kept = 0;
    let [outOfBounds, refused] = [0, 0];
    for (const row of decoded.rows) {
      const { schema, timestampMs, isFine } = row;
      let [values, present] = [row.values, row.items];
      if (present === 0) continue;
      if (isWithin(timestampMs, latestMs)) {
        const { table, refused: columns } = this.#table(lane, tenant, schema);
        if (columns !== undefined) {
          // The row is the decoder's memory.
          values = values.slice();
          const removed = removeColumns(values, columns);
          refused += removed;
          present -= removed;
        }
        this.#sampleBytes += table.appendRow(timestampMs, values, arrival, isFine);
        if (present > 0) widen(tenant, timestampMs);
        if (isFine === true) tenant.hasFine = true;
        kept += present;
      } else outOfBounds += present;
    }
    for (const { schema, samples } of decoded.sparse) {
      const { table, refused: columns } = this.#table(lane, tenant, schema);
      const words = wordsOf(samples.values);
      for (let i = 0; i < samples.values.length; i++) {
        if (isAbsent(words, i)) continue;
        if (columns?.has(samples.columns[i] ?? 0) === true) refused++;
        else if (isWithin(samples.timestampsMs[i] ?? Number.NaN, latestMs)) {
          this.#sampleBytes += table.appendSparse(samples, words, i, arrival);
          widen(tenant, samples.timestampsMs[i] ?? Number.NaN);
          kept++;
        } else outOfBounds++;
      }
    }
    for (const { schema, samples } of decoded.histograms ?? []) {
      const { table, refused: columns } = this.#table(lane, tenant, schema);
      for (const [i, timestampMs] of samples.timestampsMs.entries()) {
        if (columns?.has(samples.columns[i] ?? 0) === true) refused++;
        else if (isWithin(timestampMs, latestMs)) {
          this.#sampleBytes += table.appendHistogram(samples, i, arrival);
          widen(tenant, timestampMs);
          kept++;
        } else outOfBounds++;
      }
    }
    tenant.samples += kept;
    this.samples += kept;
    for (const schema of decoded.startsOf ?? []) this.#table(lane, tenant, schema);
    for (const { schema, samples } of decoded.starts ?? [])
      this.#table(lane, tenant, schema).table.appendStarts(samples);
    const drops = addDrops({}, { out_of_bounds_timestamp: outOfBounds, series_limit: refused });
    tenant.limit?.addRefusedSamples(refused, this.#now());
    return decoded.exemplars === undefined
      ? drops
      : addDrops(drops, this.#appendExemplars(lane, tenant, decoded.exemplars, latestMs));
  }

  #appendExemplars(
    lane: LaneId,
    tenant: TenantMetrics,
    exemplars: NonNullable<DecodedMetrics["exemplars"]>,
    latestMs: number,
  ): Drops {
    let drops: Drops = {};
    const kept = (tenant.exemplars ??= new HeadExemplars());
    for (const { schema, samples } of exemplars) {
      const { refused } = this.#table(lane, tenant, schema);
      const some = kept.append(lane, schema.series, samples, latestMs, refused);
      drops = addDrops(drops, Object.fromEntries(some));
    }
    return drops;
  }

  #tenant(name: string): TenantMetrics {
    let tenant = this.#tenants.get(name);
    if (tenant === undefined) {
      const limit = this.#limits?.of(name);
      const series = new HeadSeries(this.#keys);
      const index = new SeriesIndex(series.labels);
      const times = { times: noTimes(), windows: new TimeWindows() };
      tenant = { series, index, families: new Map(), ...times, limit, samples: 0, hasFine: false };
      this.#tenants.set(name, tenant);
    }
    return tenant;
  }

  /** The schema's table, with a place in the index for each of its series. The aggregator's own are outside of the limit: it bounds them itself. */
  #table(lane: LaneId, tenant: TenantMetrics, schema: DecodedSchema): SchemaTable {
    let known = this.#tables.get(schema);
    if (known === undefined) {
      const table = new SampleTable(lane, this.#memory, schema.starts);
      known = { table, columns: 0, refused: undefined };
      this.#tables.set(schema, known);
    }
    if (known.columns === schema.series.length) return known;
    const { series } = tenant;
    const limit = isOwn(lane) ? undefined : tenant.limit;
    const hashes = this.#keys.hashesOf(schema);
    const nowMs = this.#now();
    for (; known.columns < schema.series.length; known.columns++) {
      const labels = schema.series[known.columns] ?? {};
      const hash = hashes[known.columns] ?? 0;
      let number = series.numberOf(labels, hash);
      if (number === undefined) {
        if (limit?.admit(hash, labels, nowMs) === false) {
          (known.refused ??= new Set()).add(known.columns);
          continue;
        }
        number = series.add(this.#keys.held(labels, hash), hash);
        this.series++;
      }
      // An epoch brings all label sets again: those that are held stay, and the new ones are dropped.
      schema.series[known.columns] = series.labels.at(number) ?? labels;
      series.addPlace(number, known.table, known.columns);
    }
    return known;
  }

  #now(): number {
    return this.#limits?.now() ?? 0;
  }

  /**
   * What there is, to be read until release(); nothing is appended any more. Samples stay in their tables. What has a time that another
   * sample of its series has is found here, in turns.
   */
  async freeze(): Promise<MetricsContent> {
    const metrics = new Map<string, CutMetrics>();
    const exemplars = new Map<string, readonly SeriesExemplars[]>();
    const families = new Map<string, MetricFamily[]>();
    const dropped = new LaneDrops();
    const sink = new SampleSink();
    const shares = new RoundShares();
    const nowMs = this.#now();
    const drop = (lane: LaneId, isSame: boolean): void =>
      dropped.add(lane, isSame ? "duplicate_sample" : "duplicate_timestamp");
    for (const [name, tenant] of this.#tenants) {
      let duplicates = 0;
      const { series } = tenant;
      for (let one = 0; one < series.size; one++) {
        if (one % seriesBetweenLooks === 0 && shares.isOver()) await shares.next();
        duplicates += series.countDuplicates(one, sink, drop);
      }
      tenant.samples -= duplicates;
      this.samples -= duplicates;
      if (tenant.samples > 0) metrics.set(name, cutMetricsOf(tenant, sink, nowMs));
      const kept = tenant.exemplars?.freeze((lane) => dropped.add(lane, "duplicate_exemplar"));
      if (kept !== undefined && kept.length > 0) exemplars.set(name, kept);
      if (tenant.families.size > 0) families.set(name, [...tenant.families.values()]);
    }
    return { metrics, exemplars, families, dropped: dropped.list() };
  }

  /** Nobody reads the samples any more: their memory is for others. */
  release(): void {
    this.#memory.giveBack([...this.#tables.values()].flatMap(({ table }) => table.pieces()));
    this.#tables.clear();
  }
}

function cutMetricsOf(
  { series, samples, limit, windows, hasFine }: TenantMetrics,
  sink: SampleSink,
  nowMs: number,
): CutMetrics {
  const { labels } = series;
  const within = (startMs: number, endMs: number): CutPart => ({
    size: series.size,
    labels: (number) => labels.at(number) ?? {},
    mayBeFine: hasFine,
    read: (number) => {
      const run = series.read(number, sink, startMs, endMs);
      // Columns of series that have ended stay in their schemas for a while.
      if (run.count > 0) touch(limit, series, number, nowMs);
      return run;
    },
  });
  const spans = windows.spans();
  const parts =
    spans.length > 1 ? spans.map(({ startMs, endMs }) => within(startMs, endMs)) : undefined;
  return {
    ...within(-Infinity, Infinity),
    items: samples,
    ...(parts === undefined ? {} : { parts }),
  };
}

/** The aggregator's own series are outside of the limit. */
function touch(
  limit: SeriesLimit | undefined,
  series: HeadSeries,
  number: number,
  nowMs: number,
): void {
  if (limit === undefined) return;
  const lane = series.lane(number);
  if (lane !== undefined && !isOwn(lane)) limit.touch(series.hash(number), nowMs);
}

function noTimes(): TimeBounds {
  return { minMs: Infinity, maxMs: -Infinity };
}

function widen({ times, windows }: TenantMetrics, timestampMs: number): void {
  windows.add(timestampMs);
  if (timestampMs < times.minMs) times.minMs = timestampMs;
  if (timestampMs > times.maxMs) times.maxMs = timestampMs;
}

/** Takes the samples of some columns out of a row; returns how many there were. */
function removeColumns(values: Float64Array, columns: ReadonlySet<number>): number {
  const words = wordsOf(values);
  let removed = 0;
  for (const column of columns) {
    if (column >= values.length || isAbsent(words, column)) continue;
    setAbsent(words, column);
    removed++;
  }
  return removed;
}

/** Blocks keep times as whole milliseconds. */
function isWithin(timestampMs: number, latestMs: number): boolean {
  return timestampMs <= latestMs && Number.isSafeInteger(timestampMs);
}
