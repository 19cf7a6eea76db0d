import { afterEach, expect, test } from "bun:test";
import { AdaptiveStage, schemaOf, startMs } from "#test/support/adaptive_stage.ts";

const stages: AdaptiveStage[] = [];
afterEach(async () => {
  for (const stage of stages.splice(0)) await stage.stop();
});

function staged(config: Readonly<Record<string, unknown>> = {}): AdaptiveStage {
  const stage = new AdaptiveStage({ metrics: { match: '{job="app"}' }, ...config }, startMs);
  stages.push(stage);
  return stage;
}

const noBand = { band: { enabled: false } };
const gauge = () => schemaOf({ level: "gauge" });

test("AdaptiveResolution ships the first row, then the last value of each window", () => {
  const stage = staged(noBand);
  const schema = gauge();
  stage.run(3, 47, (second) => stage.row(schema, [second]));
  expect(stage.of("level", startMs)).toEqual([
    [3, 3],
    [15, 15],
    [30, 30],
    [45, 45],
  ]);
});

test("AdaptiveResolution ships min, max, sum and count of each window of a gauge", () => {
  const stage = staged(noBand);
  const schema = gauge();
  stage.run(0, 30, (second) =>
    stage.row(schema, [second === 20 ? -7 : second === 21 ? NaN : second]),
  );
  expect(stage.of("level:min", startMs)).toEqual([
    [0, 0],
    [15, 1],
    [30, -7],
  ]);
  expect(stage.of("level:max", startMs)).toEqual([
    [0, 0],
    [15, 15],
    [30, 30],
  ]);
  expect(stage.of("level:sum", startMs)).toEqual([
    [0, 0],
    [15, 120],
    [30, 345 - 20 - 7 - 21],
  ]);
  expect(stage.of("level:count", startMs)).toEqual([
    [0, 1],
    [15, 15],
    [30, 14],
  ]);
});

test("AdaptiveResolution makes figures of gauges alone, and of those that are chosen for windows", () => {
  const stage = staged({
    ...noBand,
    metrics: { match: '{job="app"}', windows: '{__name__=~"level|seen_total"}' },
  });
  const schema = schemaOf({
    level: "gauge",
    other: "gauge",
    seen_total: "counter",
    seen_bucket: "unknown",
  });
  stage.run(0, 15, (second) => stage.row(schema, [1, 2, second, second]));
  const names = new Set(stage.shipped.map(({ labels }) => labels["__name__"]));
  expect([...names].toSorted((a = "", b = "") => a.localeCompare(b))).toEqual([
    "level",
    "level:count",
    "level:max",
    "level:min",
    "level:sum",
    "other",
    "seen_bucket",
    "seen_total",
  ]);
});

test("AdaptiveResolution ships the next row where the one at the end of a window is missing", () => {
  const stage = staged(noBand);
  const schema = gauge();
  stage.run(0, 40, (second) => {
    if (second % 15 !== 0 || second === 0) stage.row(schema, [second]);
  });
  expect(stage.of("level", startMs)).toEqual([
    [0, 0],
    [16, 16],
    [31, 31],
  ]);
});

test("a counter that begins anew is seen to, also where it has come as far again by the end of the window", () => {
  const stage = staged(noBand);
  const schema = schemaOf({ seen_total: "counter", other_total: "counter" });
  const [slow, fast] = [1, 100];
  stage.run(0, 45, (second) => {
    const since = second < 20 ? second + 50 : second - 20;
    stage.row(schema, [slow * since, second < 20 ? since : fast * since]);
  });
  expect(stage.of("other_total", startMs)).toEqual([
    [0, 50],
    [15, 65],
    [20, 0],
    [30, 1_000],
    [45, 2_500],
  ]);
  // The row in between is one that a source of that interval would not have.
  const fine = stage.shipped.filter(({ isFine }) => isFine);
  expect(new Set(fine.map(({ timestampMs }) => timestampMs))).toEqual(new Set([startMs + 20_000]));
  // It shows by itself, but shares the row.
  expect(stage.of("seen_total", startMs)).toContainEqual([30, 10]);
});

test("a reset that shows by itself needs no row of its own", () => {
  const stage = staged(noBand);
  const schema = schemaOf({ seen_total: "counter" });
  stage.run(0, 30, (second) => stage.row(schema, [second < 20 ? 100 + second : second - 20]));
  expect(stage.of("seen_total", startMs)).toEqual([
    [0, 100],
    [15, 115],
    [30, 10],
  ]);
});

test("the end of a series is told with the window in which it came, of its figures, too", () => {
  const stage = staged(noBand);
  const schema = schemaOf({ level: "gauge", seen_total: "counter", other: "gauge" });
  stage.run(0, 30, (second) => {
    const ended = second < 5 ? second : second === 5 ? "stale" : "absent";
    stage.row(schema, [ended, 1, 2]);
  });
  expect(stage.of("level", startMs)).toEqual([
    [0, 0],
    [15, "stale"],
  ]);
  expect(stage.of("level:max", startMs)).toEqual([
    [0, 0],
    [15, 4],
    [30, "stale"],
  ]);
  expect(stage.of("other", startMs)).toHaveLength(3);
});

test("a target that is gone is told of at once; one that falls silent, after a window", async () => {
  const stage = staged(noBand);
  const [gone, silent] = [gauge(), schemaOf({ quiet: "gauge" })];
  stage.run(0, 5, (second) => {
    stage.row(gone, [second < 5 ? 1 : "stale"]);
    stage.row(silent, [second]);
  });
  expect(stage.of("level", startMs)).toEqual([
    [0, 1],
    [5, "stale"],
  ]);
  stage.nowMs = startMs + 60_000;
  await stage.pump();
  expect(stage.of("quiet", startMs)).toEqual([
    [0, 0],
    [5, 5],
  ]);
  await stage.pump();
  expect(stage.of("quiet:max", startMs)).toEqual([
    [0, 0],
    [5, 5],
    [6, "stale"],
  ]);
});

test("finish() ships what open windows hold", () => {
  const stage = staged(noBand);
  const schema = schemaOf({ level: "gauge", seen_total: "counter" });
  stage.run(0, 20, (second) => stage.row(schema, [second, second]));
  stage.note(stage.adaptive.finish());
  expect(stage.of("seen_total", startMs)).toEqual([
    [0, 0],
    [15, 15],
    [20, 20],
  ]);
  expect(stage.of("level:count", startMs)).toEqual([
    [0, 1],
    [15, 15],
    [20, 5],
  ]);
});

test("native histograms go with the last row of a window; samples with times of their own, at once", () => {
  const stage = staged(noBand);
  const schema = gauge();
  const sparse = {
    columns: Uint32Array.of(0),
    timestampsMs: Float64Array.of(5),
    values: Float64Array.of(1),
  };
  const batches = [];
  for (let second = 0; second <= 15; second++) {
    const rows = [{ timestampMs: startMs + 1_000 * second, values: Float64Array.of(second) }];
    const histograms = {
      columns: new Uint32Array(0),
      timestampsMs: new Float64Array(0),
      histograms: [],
    };
    batches.push(
      stage.adaptive.take({ schema, rows, histograms, ...(second === 7 ? { sparse } : {}) }),
    );
  }
  expect(
    batches.map((batch) => (batch === undefined ? "" : Object.keys(batch).toSorted().join(" "))),
  ).toEqual([
    "also histograms rows schema",
    ...Array.from({ length: 6 }, () => ""),
    "rows schema sparse",
    ...Array.from({ length: 7 }, () => ""),
    "also histograms rows schema",
  ]);
  expect(batches[7]?.rows).toEqual([]);
});

test("the ring stays within its size: the oldest rows of all streams go, and are counted", async () => {
  const stage = staged({ ...noBand, ring_size_max: "64KiB" });
  const schemas = Array.from({ length: 5 }, (_, i) => ({
    series: Array.from({ length: 40 }, (_each, n) => ({
      __name__: "level",
      job: "app",
      i: `${i}`,
      n: `${n}`,
    })),
    families: [],
  }));
  stage.run(0, 400, () => {
    for (const schema of schemas)
      stage.row(
        schema,
        schema.series.map(() => Math.random()),
      );
  });
  const text = await stage.metrics.text();
  const read = (name: string) =>
    Number(new RegExp(`^lapwing_adaptive_${name} (\\S+)`, "m").exec(text)?.[1]);
  expect(read("ring_bytes")).toBeWithin(20_000, 65_537);
  expect(
    read('evicted_rows_total{cause="ring_size"}') ||
      Number(/evicted_rows_total\{[^}]*\} (\d+)/.exec(text)?.[1]),
  ).toBeGreaterThan(1_000);
  expect(read("ring_age_seconds")).toBeWithin(1, 120);
});

test("what is older than the ring leaves it, and a stream that has ended is forgotten", async () => {
  const stage = staged({ ...noBand, ring: "5m" });
  const schema = gauge();
  stage.run(0, 900, (second) => stage.row(schema, [second]));
  await stage.pump();
  const rows = async () =>
    Number(/^lapwing_adaptive_ring_rows (\d+)/m.exec(await stage.metrics.text())?.[1]);
  expect(await rows()).toBeWithin(300, 400);
  stage.nowMs = startMs + 2_000_000;
  for (let i = 0; i < 3; i++) await stage.pump();
  expect(await rows()).toBe(0);
  expect(await stage.metrics.text()).toContain("lapwing_adaptive_ring_bytes 0");
});
