import type { LaneId } from "#proto/bus/agent_port.ts";
import type { DecodedMetrics, DecodedSchema } from "#proto/codec/metrics.ts";
import { addDrops, type Drops } from "#shared/model/account.ts";
import { columnWeight } from "#shared/model/histogram.ts";
import type { MetricFamily } from "#shared/model/metrics.ts";
import { isAbsent, wordsOf } from "#shared/model/special_values.ts";
import type { SeriesSamples } from "../query/source.ts";
import type { HeadContent } from "./contract.ts";
import { HeadSeries } from "./head_series.ts";
import { LaneDrops } from "./lane_drops.ts";
import { SampleSink } from "./sample_sink.ts";
import { SampleTable } from "./sample_table.ts";
import type { SchemaKeys } from "./schema_keys.ts";
import { SeriesIndex } from "./series_index.ts";

/** A rough price of a series beside its samples: labels, key, index entries, objects. */
const seriesBytes = 600;

type TenantMetrics = {
  readonly index: SeriesIndex;
  readonly families: Map<string, MetricFamily>;
  readonly times: TimeBounds;
};
/** Unix milliseconds of the first and last sample; the first is after the last where there is none. */
type TimeBounds = { minMs: number; maxMs: number };
type SchemaTable = { readonly table: SampleTable; columns: number };

/** The metrics of one generation of the head, by tenant. */
export class MetricsGeneration {
  samples = 0;
  series = 0;
  readonly #keys: SchemaKeys;
  readonly #tenants = new Map<string, TenantMetrics>();
  /** A decoded schema is one lane's, so of one tenant. */
  #tables = new Map<DecodedSchema, SchemaTable>();
  #sampleBytes = 0;

  constructor(keys: SchemaKeys) {
    this.#keys = keys;
  }

  get bytes(): number {
    return this.#sampleBytes + this.series * seriesBytes;
  }

  index(tenant: string): SeriesIndex | undefined {
    return this.#tenants.get(tenant)?.index;
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
    let outOfBounds = 0;
    for (const { schema, timestampMs, values } of decoded.rows) {
      const present = presentIn(values);
      if (present === 0) continue;
      if (isWithin(timestampMs, latestMs)) {
        const table = this.#table(lane, tenant, schema);
        this.#sampleBytes += table.appendRow(timestampMs, values, arrival);
        widen(tenant.times, timestampMs);
        kept += present;
      } else outOfBounds += present;
    }
    for (const { schema, samples } of decoded.sparse) {
      const table = this.#table(lane, tenant, schema);
      const words = wordsOf(samples.values);
      for (let i = 0; i < samples.values.length; i++) {
        if (isAbsent(words, i)) continue;
        if (isWithin(samples.timestampsMs[i] ?? Number.NaN, latestMs)) {
          this.#sampleBytes += table.appendSparse(samples, i, arrival);
          widen(tenant.times, samples.timestampsMs[i] ?? Number.NaN);
          kept++;
        } else outOfBounds++;
      }
    }
    for (const { schema, samples } of decoded.histograms ?? []) {
      const table = this.#table(lane, tenant, schema);
      for (const [i, timestampMs] of samples.timestampsMs.entries()) {
        if (isWithin(timestampMs, latestMs)) {
          this.#sampleBytes += table.appendHistogram(samples, i, arrival);
          widen(tenant.times, timestampMs);
          kept++;
        } else outOfBounds++;
      }
    }
    this.samples += kept;
    return addDrops({}, { out_of_bounds_timestamp: outOfBounds });
  }

  #tenant(name: string): TenantMetrics {
    let tenant = this.#tenants.get(name);
    if (tenant === undefined) {
      tenant = { index: new SeriesIndex(), families: new Map(), times: noTimes() };
      this.#tenants.set(name, tenant);
    }
    return tenant;
  }

  /** The schema's table, with a place in the index for each of its series. */
  #table(lane: LaneId, { index }: TenantMetrics, schema: DecodedSchema): SampleTable {
    let known = this.#tables.get(schema);
    if (known === undefined) {
      known = { table: new SampleTable(lane), columns: 0 };
      this.#tables.set(schema, known);
    }
    if (known.columns === schema.series.length) return known.table;
    const keys = this.#keys.of(schema);
    for (; known.columns < schema.series.length; known.columns++) {
      const labels = schema.series[known.columns] ?? {};
      const key = keys[known.columns] ?? "";
      let series = index.get(key);
      if (series === undefined) {
        series = new HeadSeries(labels, key);
        index.add(series);
        this.series++;
      }
      series.addPlace(known.table, known.columns);
    }
    return known.table;
  }

  /** Takes all samples out of the tables, which are let go. */
  freeze(): Pick<HeadContent, "metrics" | "families" | "dropped"> {
    const metrics = new Map<string, SeriesSamples[]>();
    const families = new Map<string, MetricFamily[]>();
    const dropped = new LaneDrops();
    const sink = new SampleSink();
    let samples = 0;
    let weight = 0;
    for (const [name, tenant] of this.#tenants) {
      const sorted = tenant.index.all().toSorted((a, b) => (a.key < b.key ? -1 : 1));
      const content: SeriesSamples[] = [];
      for (const one of sorted) {
        const frozen = one.freeze(sink, (lane) => dropped.add(lane, "duplicate_sample"));
        if (frozen.values.length === 0) continue;
        samples += frozen.values.length;
        weight += columnWeight(frozen.values.length, frozen.histograms);
        content.push(frozen);
      }
      if (content.length > 0) metrics.set(name, content);
      if (tenant.families.size > 0) families.set(name, [...tenant.families.values()]);
    }
    this.#tables = new Map();
    this.samples = samples;
    this.#sampleBytes = 16 * weight;
    return { metrics, families, dropped: dropped.list() };
  }
}

function noTimes(): TimeBounds {
  return { minMs: Infinity, maxMs: -Infinity };
}

function widen(times: TimeBounds, timestampMs: number): void {
  if (timestampMs < times.minMs) times.minMs = timestampMs;
  if (timestampMs > times.maxMs) times.maxMs = timestampMs;
}

function presentIn(values: Float64Array): number {
  const words = wordsOf(values);
  let present = 0;
  for (let i = 0; i < values.length; i++) if (!isAbsent(words, i)) present++;
  return present;
}

/** Blocks keep times as whole milliseconds. */
function isWithin(timestampMs: number, latestMs: number): boolean {
  return timestampMs <= latestMs && Number.isSafeInteger(timestampMs);
}
