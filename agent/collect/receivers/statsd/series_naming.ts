import type { DropReason } from "#shared/model/account.ts";
import { type Labels, metricNameLabel } from "#shared/model/labels.ts";
import {
  type MappedMetric,
  type MappedType,
  type MetricMapper,
  addMappedLabels,
  metricNameOf,
} from "../samples/metric_mapping/metric_mapper.ts";
import type { StatsdConfig, TagFormat } from "./config.ts";
import { type LinePart, sampleTypes } from "./line_reader.ts";
import type { ObserverOptions } from "./observers.ts";
import { readTags } from "./tags.ts";

export type SeriesKind = "counter" | "gauge" | "set" | "observer";

/** What a line's bytes name. */
export type NamedSeries = {
  readonly kind: SeriesKind;
  readonly labels: Labels;
  readonly help: string;
  /** Milliseconds without a sample after which it ends; 0 is never. */
  readonly ttlMs: number;
  /** What each value is multiplied by. */
  readonly scale: number;
  readonly observer: ObserverOptions;
};

const kinds: ReadonlyMap<number, SeriesKind> = new Map([
  [sampleTypes.c, "counter"],
  [sampleTypes.m, "counter"],
  [sampleTypes.g, "gauge"],
  [sampleTypes.s, "set"],
  [sampleTypes.h, "observer"],
  [sampleTypes.d, "observer"],
  [sampleTypes.timing, "observer"],
]);
const mappedTypes: Readonly<Record<SeriesKind, MappedType>> = {
  counter: "counter",
  gauge: "gauge",
  set: "gauge",
  observer: "observer",
};

/** Makes names and labels of bytes that are met for the first time. */
export class SeriesNaming {
  readonly #config: StatsdConfig;
  readonly #mapper: MetricMapper | undefined;
  readonly #formats: ReadonlySet<TagFormat>;
  readonly #text = new TextDecoder("utf-8", { fatal: true });
  readonly #onBadTags: (tags: number) => void;

  constructor(
    config: StatsdConfig,
    mapper: MetricMapper | undefined,
    onBadTags: (tags: number) => void,
  ) {
    this.#config = config;
    this.#mapper = mapper;
    this.#formats = new Set(config.tag_formats);
    this.#onBadTags = onBadTags;
  }

  /** The series, or why it is none: `relabel` where a rule drops it. */
  name(bytes: Buffer, part: LinePart): NamedSeries | DropReason {
    let [text, section, container] = ["", "", ""];
    try {
      text = this.#text.decode(bytes.subarray(part.nameStart, part.nameEnd));
      section = this.#text.decode(bytes.subarray(part.tagsStart, part.tagsEnd));
      container = this.#text.decode(bytes.subarray(part.containerStart, part.containerEnd));
    } catch {
      return "invalid_sample";
    }
    const read = readTags(text, section, this.#formats);
    if (read === undefined) return "label_limit";
    const { name, tags, faults } = read;
    const kind = kinds.get(part.type) ?? "gauge";
    const mapped = this.#mapper?.map(name, mappedTypes[kind]);
    if (mapped?.isDropped === true) return "relabel";
    const metric = metricNameOf(mapped?.name ?? name);
    if (metric === "") return "invalid_sample";
    const labels = new Map(Object.entries(this.#config.labels));
    let bad = faults;
    for (const [tag, value] of tags) {
      const label = metricNameOf(tag);
      // Such names are ours, as in Prometheus.
      if (label.startsWith("__")) bad++;
      else labels.set(label, value);
    }
    const { container_id_label: containerLabel } = this.#config;
    if (containerLabel !== undefined && container !== "") labels.set(containerLabel, container);
    addMappedLabels(labels, mapped);
    const observer = this.observerOf(mapped);
    // A label of that name is the observer's own.
    if (kind === "observer") {
      if (observer.type === "classic" && labels.delete("le")) bad++;
      if (observer.type === "summary" && labels.delete("quantile")) bad++;
    }
    if (bad > 0) this.#onBadTags(bad);
    labels.set(metricNameLabel, metric);
    return {
      kind,
      labels: Object.fromEntries(labels),
      help: mapped?.help ?? "",
      ttlMs: mapped?.options.ttl ?? this.#mapper?.defaults.ttl ?? this.#config.ttl,
      scale: mapped?.scale ?? 1,
      observer,
    };
  }

  observerOf(mapped: MappedMetric | undefined): ObserverOptions {
    const { native_histogram: native, classic_histogram: classic, summary } = this.#config;
    const own = mapped?.options ?? this.#mapper?.defaults;
    const histogram = own?.histogram_options;
    const factor = histogram?.native_histogram_bucket_factor;
    if (own?.observer_type === "histogram" && (histogram?.buckets !== undefined || !factor))
      return { type: "classic", bounds: boundsOf(histogram?.buckets ?? classic.buckets) };
    if (
      own?.observer_type === "summary" ||
      (own?.observer_type === undefined && this.#config.observer_type === "summary")
    )
      return {
        type: "summary",
        quantiles:
          own?.summary_options?.quantiles?.map(({ quantile }) => quantile) ?? summary.quantiles,
        maxAgeMs: own?.summary_options?.max_age ?? summary.max_age,
        ageBuckets: own?.summary_options?.age_buckets ?? summary.age_buckets,
      };
    if (own?.observer_type === undefined && this.#config.observer_type === "classic")
      return { type: "classic", bounds: boundsOf(histogram?.buckets ?? classic.buckets) };
    const bucketsMax = histogram?.native_histogram_max_buckets ?? native.buckets_max;
    return {
      type: "native",
      schema: schemaOf(factor ?? native.bucket_factor),
      bucketsMax: Math.min(1_024, Math.max(8, bucketsMax)),
    };
  }
}

/** Finite, ascending, each once; the last bucket is always there. */
function boundsOf(bounds: readonly number[]): number[] {
  return [...new Set(bounds)].filter((bound) => Number.isFinite(bound)).toSorted((a, b) => a - b);
}

/** The coarsest schema whose neighbouring bounds are within the factor, as Prometheus's client libraries choose it. */
function schemaOf(factor: number): number {
  const schema = -Math.floor(Math.log2(Math.log2(factor)));
  return Math.max(-4, Math.min(8, Number.isNaN(schema) ? 8 : schema));
}
