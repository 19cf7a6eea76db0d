// Its parts: with the whole come OpenTelemetry's API, clusters, HTTP clients and metrics of Node's, which are a megabyte each.
import Counter from "prom-client/lib/counter.js";
import Gauge from "prom-client/lib/gauge.js";
import Histogram from "prom-client/lib/histogram.js";
import Registry from "prom-client/lib/registry.js";
import { type ProtoMetricFamily, familiesOf } from "./metric_families.ts";

/**
 * Our own metrics, `lapwing_<room>_<what>_<unit>`, as prom-client objects in one registry a process. Rooms make theirs
 * in their constructor from the registry that they are lent; label values come from closed lists.
 */
export type SelfMetrics = {
  /** Called before every exposition, for gauges that are cheaper to read than to keep. */
  onCollect(read: () => void): void;
  /** The Prometheus text format, version 0.0.4. */
  text(): Promise<string>;
  /** The same as data, sorted by name. */
  families(): Promise<ProtoMetricFamily[]>;
  counter<Name extends string>(
    name: string,
    help: string,
    labelNames?: readonly Name[],
  ): Counter<Name>;
  gauge<Name extends string>(name: string, help: string, labelNames?: readonly Name[]): Gauge<Name>;
  histogram<Name extends string>(
    name: string,
    help: string,
    buckets: readonly number[],
    labelNames?: readonly Name[],
  ): Histogram<Name>;
};

export function createSelfMetrics(): SelfMetrics {
  const registry = new Registry();
  const registers = [registry];
  const reads: (() => void)[] = [];
  return {
    onCollect: (read) => void reads.push(read),
    text: () => {
      for (const read of reads) read();
      return registry.metrics();
    },
    families: async () => {
      for (const read of reads) read();
      return familiesOf(await registry.getMetricsAsJSON());
    },
    counter: (name, help, labelNames = []) =>
      new Counter({ name, help, labelNames: [...labelNames], registers }),
    gauge: (name, help, labelNames = []) =>
      new Gauge({ name, help, labelNames: [...labelNames], registers }),
    histogram: (name, help, buckets, labelNames = []) =>
      new Histogram({ name, help, buckets: [...buckets], labelNames: [...labelNames], registers }),
  };
}
