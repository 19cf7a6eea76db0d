import { afterAll, beforeAll, expect, test } from "bun:test";
import { differences } from "#test/support/compare_answers.ts";
import { hasPeer } from "#test/support/metric_peers.ts";
import type { HostSeries } from "#test/support/node_hosts.ts";
import { PrometheusBeside, within } from "#test/support/prometheus_beside.ts";
import { type Random, seededRandom } from "#test/support/random_promql.ts";

// Rates of series that are scraped every 1, 2 and 5 seconds, with gaps: none of their samples is marked as fine.

const seed = Number(process.env["LAPWING_SEED"] ?? 20_261_124);
const installed = hasPeer("prometheus");
/** No sample lies on a whole second, and every step does: so the open and the closed end of a window are one. */
const startMs = Date.UTC(2026, 9, 1) + 321;
const lengthMs = 2_400_000;
const intervals = [1, 2, 5] as const;
const ranges = ["15s", "30s", "1m", "2m", "5m"] as const;

let beside: PrometheusBeside | undefined;

beforeAll(async () => {
  if (!installed) return;
  const random = seededRandom(seed);
  const series = intervals.flatMap((interval) =>
    ["a", "b", "c", "d"].flatMap((instance) => [
      seriesOf("seen_total", interval, instance, random),
      seriesOf("level", interval, instance, random),
    ]),
  );
  beside = await PrometheusBeside.open();
  const part = (fromMs: number, toMs: number) => within(series, startMs + fromMs, startMs + toMs);
  await beside.commit(part(0, lengthMs / 2));
  await beside.commit(part(lengthMs / 2, lengthMs));
  for (let fromMs = 0; fromMs < lengthMs; fromMs += 300_000)
    await beside.write(part(fromMs, fromMs + 300_000));
}, 60_000);

afterAll(() => beside?.close());

/** Scrapes come a little late, and some runs of them not at all: from one to two minutes' worth. */
function seriesOf(name: string, interval: number, instance: string, random: Random): HostSeries {
  const [times, values]: [number[], number[]] = [[], []];
  // Far from zero, where versions differ in how they stretch the beginning of a counter.
  let value = 1e6;
  let missing = 0;
  const late = Math.floor(random() * 300);
  for (let at = 0; at < lengthMs; at += 1_000 * interval) {
    value = name === "level" ? value + random() - 0.5 : value + Math.floor(100 * random());
    if (name !== "level" && random() < 0.002) value = 1e5;
    if (missing === 0 && random() < 0.02)
      missing = 1 + Math.floor((120 / interval) * random() ** 2);
    if (missing > 0) missing--;
    else {
      times.push(startMs + at + late + Math.floor(100 * random()));
      values.push(value);
    }
  }
  return {
    labels: { __name__: name, instance, interval: `${interval}s` },
    timestampsMs: Float64Array.from(times),
    values: Float64Array.from(values),
  };
}

test.skipIf(!installed)(
  "rates at intervals of 1, 2 and 5 s with gaps are Prometheus's (Debian's package prometheus must be installed)",
  async () => {
    const start = Math.ceil(startMs / 1_000) + 310;
    const end = Math.floor((startMs + lengthMs) / 1_000);
    const failed: string[] = [];
    let compared = 0;
    for (const range of ranges)
      for (const query of [
        `rate(seen_total[${range}])`,
        `increase(seen_total[${range}])`,
        `delta(level[${range}])`,
      ]) {
        const path = `/query_range?query=${encodeURIComponent(query)}&start=${start}&end=${end}&step=7`;
        const { theirs, ours } = (await beside?.answers(path)) ?? {};
        const { reasons, samples } = differences(theirs, ours);
        compared += samples;
        if (reasons.length > 0) failed.push(`${query}\n  ${reasons.slice(0, 3).join("\n  ")}`);
      }
    expect(failed, `seed ${seed}`).toEqual([]);
    expect(compared).toBeGreaterThan(30_000);
  },
  120_000,
);
