import { parseArgs } from "node:util";
import { AggregationConfig } from "#agent/pipeline/aggregation/config.ts";
import { CardinalityConfig, LabelGuard } from "#agent/pipeline/aggregation/label_guard.ts";
import { StreamAggregator } from "#agent/pipeline/aggregation/stream_aggregator.ts";
import type { MetricsBatch, SeriesSchema } from "#shared/model/metrics.ts";
import { silentLogger } from "#shared/runtime/log.ts";
import { createSelfMetrics } from "#shared/runtime/self_metrics.ts";

const startMs = 1_760_000_040_000;
const scrapeMs = 15_000;

/**
 * What do rules of stream aggregation and the bound on label values cost? CPU seconds of this process for a million samples that
 * come as rows of scrapes, results written as they are due. `--targets`, `--series` of each, `--samples`.
 */
export async function run(args: readonly string[]): Promise<Record<string, unknown>> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      targets: { type: "string", default: "10" },
      series: { type: "string", default: "1000" },
      samples: { type: "string", default: "20000000" },
    },
  });
  const [targets, series, samples] = [values.targets, values.series, values.samples].map(Number);
  const match = "requests_total";
  const all = "sum sum_samples count_samples count_series min max avg last increase total";
  const forms = {
    no_match: () => aggregatorOf([{ match: "other", outputs: ["sum"] }]),
    total: () => aggregatorOf([{ match, without: ["path"], outputs: ["total"] }]),
    total_kept: () =>
      aggregatorOf([{ match, without: ["path"], outputs: ["total"], keep_input: true }]),
    all_figures: () => aggregatorOf([{ match, without: ["path"], outputs: all.split(" ") }]),
    quantiles: () =>
      aggregatorOf([{ match, without: ["path"], outputs: ["quantiles(0.5, 0.99)"] }]),
    guard_below: () => guardOf(2 * (series ?? 0)),
    guard_over: () => guardOf(10),
  };
  const cpu: Record<string, number> = {};
  for (const [name, make] of Object.entries(forms))
    cpu[name] = measure(make(), targets ?? 1, series ?? 1, samples ?? 1);
  return { targets, series, samples, cpu_s_per_million: cpu };
}

type Measured = {
  apply(batch: MetricsBatch): unknown;
  collect(nowMs: number): unknown;
};

function aggregatorOf(rules: readonly Record<string, unknown>[]): Measured {
  const aggregator = new StreamAggregator(createSelfMetrics());
  aggregator.setRules(AggregationConfig.parse(rules), startMs);
  return aggregator;
}

function guardOf(label_values_max: number): Measured {
  const clock = { now: () => startMs };
  const guard = new LabelGuard({ clock, log: silentLogger, metrics: createSelfMetrics() });
  guard.configure(CardinalityConfig.parse({ label_values_max }));
  return {
    apply: (batch) => guard.apply(batch),
    collect: (nowMs) => guard.aggregator.collect(nowMs),
  };
}

function measure(form: Measured, targets: number, series: number, samples: number): number {
  const schemas = Array.from({ length: targets }, (_, target): SeriesSchema => ({
    families: [],
    series: Array.from({ length: series }, (_each, i) => ({
      __name__: "requests_total",
      job: "web",
      instance: `host-${target}:80`,
      code: `${200 + (i % 4)}`,
      path: `/${i}`,
    })),
  }));
  let scrapes = 0;
  const rounds = (count: number) => {
    for (let round = 0; round < count; round++) {
      const timestampMs = startMs + 1 + ++scrapes * scrapeMs;
      for (const schema of schemas) {
        const values = Float64Array.from({ length: series }, (_, i) => scrapes * (1 + (i % 7)));
        form.apply({ schema, rows: [{ timestampMs, values }] });
      }
      form.collect(timestampMs + scrapeMs);
    }
  };
  rounds(20);
  const before = process.cpuUsage();
  const count = Math.max(1, Math.round(samples / (targets * series)));
  rounds(count);
  const { user, system } = process.cpuUsage(before);
  return Number(((user + system) / (count * targets * series)).toFixed(4));
}
