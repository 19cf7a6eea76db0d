import type { MetricObjectWithValues, MetricValue, MetricValueWithName } from "prom-client";

/** A number as the JSON of protocol buffers writes it. */
type ProtoNumber = number | "NaN" | "Infinity" | "-Infinity";
type Labels = readonly { readonly name: string; readonly value: string }[];
type ProtoBucket = { readonly cumulativeCount: string; readonly upperBound: ProtoNumber };
type ProtoMetric = {
  readonly label?: Labels;
  readonly counter?: { readonly value: ProtoNumber };
  readonly gauge?: { readonly value: ProtoNumber };
  readonly histogram?: {
    readonly sampleCount: string;
    readonly sampleSum: ProtoNumber;
    readonly bucket: readonly ProtoBucket[];
  };
};

/** io.prometheus.client.MetricFamily in the JSON form of protocol buffers: 64-bit integers are text, enums their names. */
export type ProtoMetricFamily = {
  readonly name: string;
  readonly help: string;
  readonly type: "COUNTER" | "GAUGE" | "HISTOGRAM";
  readonly metric: readonly ProtoMetric[];
};

type Collected = MetricObjectWithValues<MetricValue<string>>;

/** Our own metrics as families; we make counters, gauges and histograms only. */
export function familiesOf(collected: readonly Collected[]): ProtoMetricFamily[] {
  return collected
    .map((one): ProtoMetricFamily => {
      const { name, help, values } = one;
      const type = String(one.type);
      if (type === "histogram")
        return { name, help, type: "HISTOGRAM", metric: histograms(name, values) };
      const key = type === "counter" ? "counter" : "gauge";
      const metric = values.map(({ labels, value }) => ({
        ...labelsPart(labels),
        [key]: { value: protoNumber(value) },
      }));
      return { name, help, type: type === "counter" ? "COUNTER" : "GAUGE", metric };
    })
    .toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

type Gathered = { labels: object; sum: number; count: number; buckets: ProtoBucket[] };

function histograms(name: string, values: readonly MetricValueWithName<string>[]): ProtoMetric[] {
  const found = new Map<string, Gathered>();
  for (const { labels, value, metricName } of values) {
    const { le, ...own } = { le: undefined, ...labels };
    const key = JSON.stringify(own);
    const entry: Gathered = found.get(key) ?? { labels: own, sum: 0, count: 0, buckets: [] };
    found.set(key, entry);
    if (metricName === `${name}_sum`) entry.sum = value;
    else if (metricName === `${name}_count`) entry.count = value;
    else {
      const upperBound = protoNumber(String(le) === "+Inf" ? Infinity : Number(le));
      entry.buckets.push({ cumulativeCount: String(value), upperBound });
    }
  }
  return [...found.values()].map(({ labels, sum, count, buckets }) => ({
    ...labelsPart(labels),
    histogram: { sampleCount: String(count), sampleSum: protoNumber(sum), bucket: buckets },
  }));
}

function labelsPart(labels: object): { label?: Labels } {
  const pairs = Object.entries(labels)
    .map(([name, value]: [string, unknown]) => ({ name, value: String(value) }))
    .toSorted((a, b) => (a.name < b.name ? -1 : 1));
  return pairs.length === 0 ? {} : { label: pairs };
}

function protoNumber(value: number): ProtoNumber {
  if (Number.isFinite(value)) return value;
  if (Number.isNaN(value)) return "NaN";
  return value > 0 ? "Infinity" : "-Infinity";
}
