import { setStale, wordsOf } from "#shared/model/special_values.ts";
import type { HostSeries } from "./node_hosts.ts";
import type { Random, Vocabulary } from "./random_promql.ts";

/** No sample lies on a whole second, and every query looks at whole seconds: so the open and the closed end of a window are one. */
export const startMs = Date.UTC(2026, 9, 1) + 4_321;
const intervalMs = 15_000;
export const scrapes = 480;

export const vocabulary: Vocabulary = {
  counters: ["requests_total", "bytes_total"],
  gauges: ["temperature", "queue_length", "sparse"],
  histograms: ["latency_seconds_bucket"],
  labels: {
    instance: ["a:1", "b:1", "c:1"],
    job: ["api", "web"],
    code: ["200", "404", "500"],
    room: ["kitchen", "hall"],
  },
  at: [Math.floor(startMs / 1_000) + 1_200, Math.floor(startMs / 1_000) + 5_400],
};

const bounds = ["0.05", "0.1", "0.5", "1", "+Inf"] as const;
/** No value may be another's: topk would have to choose. */
const gap = Number.NaN;

/** Counters with resets, gauges with every kind of value, series that pause and end, classic histograms. */
export function differentialSeries(random: Random): HostSeries[] {
  const series: HostSeries[] = [];
  for (const instance of vocabulary.labels["instance"] ?? []) {
    for (const job of vocabulary.labels["job"] ?? []) {
      const target = { instance, job };
      for (const code of vocabulary.labels["code"] ?? []) {
        series.push(counter({ __name__: "requests_total", ...target, code }, random, 3));
        series.push(counter({ __name__: "bytes_total", ...target, code }, random, 1_000));
      }
      for (const room of vocabulary.labels["room"] ?? []) {
        series.push(walk({ __name__: "temperature", ...target, room }, random, 1));
        series.push(walk({ __name__: "queue_length", ...target, room }, random, 0.98));
        series.push(walk({ __name__: "sparse", ...target, room }, random, 0.15));
      }
      series.push(...histogram(target, random));
    }
  }
  return series;
}

function counter(labels: Record<string, string>, random: Random, pace: number): HostSeries {
  // Far from zero, where versions differ in how they stretch the beginning of a counter.
  let total = 1e6 * (1 + random());
  return column(labels, random, 1, () => {
    if (random() < 0.005) total = 1e5 * (1 + random());
    return (total += pace * random());
  });
}

function walk(labels: Record<string, string>, random: Random, presence: number): HostSeries {
  let level = 20 * random() - 10;
  return column(labels, random, presence, () => (level += random() - 0.5));
}

function histogram(target: Record<string, string>, random: Random): HostSeries[] {
  const columns = bounds.map((le) => ({
    labels: { __name__: "latency_seconds_bucket", ...target, le },
    values: new Float64Array(scrapes),
  }));
  const totals = bounds.map(() => 1e6);
  for (let i = 0; i < scrapes; i++) {
    let gained = 0;
    for (const [bound, { values }] of columns.entries()) {
      gained += Math.floor(random() * 20);
      totals[bound] = (totals[bound] ?? 0) + gained;
      values[i] = totals[bound] ?? 0;
    }
  }
  const timestampsMs = times(random);
  return columns.map(({ labels, values }) => ({ labels, values, timestampsMs }));
}

/** A value is absent with the chance 1 - presence; a gap of more than one scrape begins with a stale marker. */
function column(
  labels: Record<string, string>,
  random: Random,
  presence: number,
  next: () => number,
): HostSeries {
  const all = Array.from({ length: scrapes }, () => {
    const value = next();
    return random() < presence ? value : gap;
  });
  const at = times(random);
  const kept = all.flatMap((value, i) => {
    const begins = i > 0 && Number.isNaN(value) && !Number.isNaN(all[i - 1] ?? gap);
    return Number.isNaN(value) && !(begins && random() < 0.5) ? [] : [i];
  });
  const values = Float64Array.from(kept, (i) => all[i] ?? 0);
  const words = wordsOf(values);
  for (const [i, scrape] of kept.entries()) if (Number.isNaN(all[scrape])) setStale(words, i);
  return { labels, timestampsMs: Float64Array.from(kept, (i) => at[i] ?? 0), values };
}

function times(random: Random): Float64Array {
  const shift = Math.floor(random() * 600);
  return Float64Array.from({ length: scrapes }, (_, i) => startMs + i * intervalMs + shift);
}
