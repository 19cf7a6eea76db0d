import type { Labels } from "#shared/model/labels.ts";
import type { SeriesSamples } from "../read/source.ts";
import { drawing } from "./drawing.ts";

export type Scrapes = { readonly firstMs: number; readonly stepMs: number; readonly count: number };

const cpus = 2;
const modes = ["idle", "iowait", "nice", "softirq", "system", "user"] as const;
const gauges = 6;
const bounds = ["0.1", "0.5", "1", "+Inf"] as const;
/** A scrape is late by less than this many milliseconds. */
const jitterMs = 6;

/**
 * Series of invented machines, in shape what an exporter tells of one: counters of hundredths, of whole numbers and of doubles with all their
 * digits, gauges, constants, and a classic histogram; the series of a machine have the same times. The same each time.
 */
export function sampleSeries({ firstMs, stepMs, count }: Scrapes, machines: number) {
  const series: SeriesSamples[] = [];
  const draw = drawing();
  for (let machine = 0; machine < machines; machine++) {
    const own = { instance: `warm-${machine}:9100`, job: "warm" };
    const late = () => Math.floor(jitterMs * draw());
    const timestampsMs = Float64Array.from(
      { length: count },
      (_, i) => firstMs + i * stepMs + late(),
    );
    const add = (name: string, labels: Labels, next: () => number) => {
      const values = Float64Array.from(timestampsMs, next);
      series.push({ labels: { __name__: name, ...own, ...labels }, timestampsMs, values });
    };
    for (let cpu = 0; cpu < cpus; cpu++)
      for (const mode of modes)
        add("warm_cpu_seconds_total", { cpu: `${cpu}`, mode }, hundredths(draw));
    add(
      "warm_received_bytes_total",
      { device: "eth0" },
      counter(draw, () => Math.floor(5e8 * draw())),
    );
    add("warm_busy_seconds_total", { device: "sda" }, counter(draw, draw));
    for (let i = 0; i < gauges; i++) {
      add(`warm_gauge_${i}`, {}, () => Math.floor(1e4 * draw()) / 100);
      add(`warm_constant_${i}`, {}, () => i);
    }
    for (const [i, le] of bounds.entries())
      add(
        "warm_duration_seconds_bucket",
        { le },
        counter(draw, () => i),
      );
  }
  return series;
}

function counter(draw: () => number, step: () => number): () => number {
  let total = Math.floor(1e6 * draw());
  return () => (total += step());
}

function hundredths(draw: () => number): () => number {
  const next = counter(draw, () => Math.floor(300 * draw()));
  return () => next() / 100;
}
