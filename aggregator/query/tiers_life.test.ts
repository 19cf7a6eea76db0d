import { expect, test } from "bun:test";
import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { emptyHistogram } from "#shared/model/histogram.ts";
import { StoreConfig } from "../blocks/config.ts";
import { checkBlocks } from "../tools/check_blocks.ts";
import { rebuildCatalog } from "../tools/rebuild_catalog.ts";
import { withStorage } from "../tools/storage_tools.ts";
import { Duckdb } from "../duckdb/duckdb.ts";
import { gauge } from "../read/store.fixture.ts";
import { tiersView } from "./sql/tier_views.ts";
import type { SeriesSamples } from "../read/source.ts";
import { dayMs, points, TierWorld } from "./tiers.fixture.ts";

const minute = 60_000;
const midnightMs = 20_000 * dayMs;
/** An hour of a counter that gains 30 in 15 s, before midnight. */
const hourMs = midnightMs - 60 * minute;
const times = Array.from({ length: 240 }, (_, i) => hourMs + 7_000 + i * 15_000);
const counter = (name: string): SeriesSamples =>
  gauge(
    name,
    times,
    times.map((_, i) => 30 * i),
  );

async function inWorld(
  config: Record<string, unknown>,
  action: (world: TierWorld) => Promise<void>,
): Promise<void> {
  const world = await new TierWorld(midnightMs, config).open();
  try {
    await action(world);
  } finally {
    await world.close();
    rmSync(world.folder, { recursive: true, force: true });
  }
}

async function valuesOf(world: TierWorld, query: string, stepMs = 15 * minute): Promise<number[]> {
  const { data } = await world.range(query, midnightMs - 30 * minute, midnightMs, stepMs);
  // As many digits as count: sums are rounded differently.
  return [...points(data).values()].map((value) => Number(value.toPrecision(12)));
}

test("samples go when the next tier has them, tiers when theirs is over", async () => {
  await inWorld({}, async (world) => {
    await world.commit([counter("x_total")]);
    await world.age(midnightMs + 5 * minute);
    expect(world.widths()).toEqual([0]);
    await world.age(midnightMs + 60 * minute);
    expect(world.widths()).toEqual([0, minute, 5 * minute]);
    await world.age(midnightMs + 3 * dayMs);
    expect(world.widths()).toEqual([minute, 5 * minute]);
    await world.age(midnightMs + 9 * dayMs);
    expect(world.widths()).toEqual([5 * minute]);
    expect(await valuesOf(world, "rate(x_total[10m])")).toEqual([2, 2, 2]);
    await world.age(midnightMs + 32 * dayMs);
    expect(world.widths()).toEqual([]);
    // What tiers drop is not counted: all samples had left before.
    const removed = [{ signal: "metrics" as const, reason: "downsampled" as const, items: 240 }];
    expect(await world.store.removedItems("t")).toEqual(removed);
  });
});

test("a tenant has tiers of its own where it is named", async () => {
  const t = { raw: "12h", downsampled: [{ bucket: "10m", keep: "2d" }] };
  await inWorld({ tiers: { tenants: { t } } }, async (world) => {
    await world.commit([counter("x_total")]);
    await world.age(midnightMs + dayMs + 13 * 60 * minute);
    expect(world.widths()).toEqual([10 * minute]);
    await world.age(midnightMs + 3 * dayMs);
    expect(world.widths()).toEqual([]);
  });
});

test("a range shorter than a bucket is widened, and says so", async () => {
  await inWorld({}, async (world) => {
    await world.commit([counter("x_total")]);
    await world.age(midnightMs + 20 * dayMs);
    expect(await valuesOf(world, "rate(x_total[1m])")).toEqual([2, 2, 2]);
    expect(await valuesOf(world, "increase(x_total[1m])")).toEqual([120, 120, 120]);
    expect(await valuesOf(world, "count_over_time(x_total[1m])")).toEqual([4, 4, 4]);
    const { infos } = await world.range("rate(x_total[1m])", hourMs, midnightMs, minute);
    expect(infos).toEqual([
      'PromQL info: samples of this age are kept in buckets of 5m, the range was widened to whole ones for metric name "x_total" (1:6)',
    ]);
  });
});

test("what buckets can't tell is made of their last samples, and says so", async () => {
  await inWorld({}, async (world) => {
    await world.commit([counter("x_total")]);
    await world.age(midnightMs + 20 * dayMs);
    expect(await valuesOf(world, "deriv(x_total[1m])")).toEqual([2, 2, 2]);
    expect(await valuesOf(world, "irate(x_total[1m])")).toEqual([2, 2, 2]);
    expect(await valuesOf(world, "quantile_over_time(0.5, x_total[15m])")).toEqual([
      2_970, 4_770, 6_570,
    ]);
    const { infos } = await world.range("changes(x_total[15m])", hourMs, midnightMs, minute);
    expect(infos).toEqual([
      'PromQL info: samples of this age are kept in buckets of 5m, changes() sees the last one of each for metric name "x_total" (1:9)',
    ]);
  });
});

test("rates over fine samples are those of the whole series, from each tier", async () => {
  // Every second from minute 25 to 35.
  const seconds = Array.from({ length: 3_600 }, (_, second) => second).filter(
    (second) => second % 15 === 7 || (second >= 1_500 && second < 2_100),
  );
  const mixed = gauge(
    "x_total",
    seconds.map((second) => hourMs + 1_000 * second),
    seconds.map((second) => 1e6 + 2 * second),
  );
  const fine = Uint8Array.from(seconds, (second) => (second % 15 === 7 ? 0 : 1));
  for (const [afterDays, widths] of [
    [0.1, [0, minute, 5 * minute]],
    [3, [minute, 5 * minute]],
    [9, [5 * minute]],
  ] as const)
    await inWorld({}, async (world) => {
      await world.commit([{ ...mixed, fine }]);
      await world.age(midnightMs + afterDays * dayMs);
      expect(world.widths()).toEqual([...widths]);
      for (const range of ["5m", "10m", "20m"]) {
        const query = `rate(x_total[${range}])`;
        const { data } = await world.range(query, hourMs + 20 * minute, midnightMs, 5 * minute);
        const found = [...points(data).values()];
        expect(found).toHaveLength(9);
        for (const value of found) expect(value, query).toBeWithin(1.98, 2.02);
      }
    });
});

test("late samples count at once, are joined in once, and stay", async () => {
  for (const afterDays of [0.1, 3, 9]) {
    await inWorld({}, async (world) => {
      await world.commit([
        gauge(
          "x",
          times,
          times.map(() => 1),
        ),
      ]);
      await world.age(midnightMs + afterDays * dayMs);
      expect(await valuesOf(world, "count_over_time(x[30m])", 30 * minute)).toEqual([120, 120]);
      await world.commit([gauge("x", [midnightMs - 10 * minute - 1_000], [5])]);
      await world.commit([gauge("late", [midnightMs - 10 * minute - 1_000], [5])]);
      const counts = () => valuesOf(world, "count_over_time(x[30m])", 30 * minute);
      expect(await counts()).toEqual([120, 121]);
      for (const hours of [1, 2, 36]) {
        await world.age(midnightMs + afterDays * dayMs + hours * 60 * minute);
        expect(await counts()).toEqual([120, 121]);
        expect(await valuesOf(world, "max_over_time(x[30m])", 30 * minute)).toEqual([1, 5]);
        expect(await valuesOf(world, "sum_over_time(late[30m])", 30 * minute)).toEqual([5]);
      }
      await world.commit([gauge("x", [midnightMs - 10 * minute - 3_000], [6])]);
      await world.age(midnightMs + afterDays * dayMs + 40 * 60 * minute);
      expect(await counts()).toEqual([120, 122]);
      await world.age(midnightMs + 12 * dayMs);
      expect(await counts()).toEqual([120, 122]);
    });
  }
});

test("deleted series are gone from tiers, at once and after maintenance", async () => {
  for (const afterDays of [0.1, 3, 9]) {
    await inWorld({}, async (world) => {
      await world.commit([counter("x_total"), counter("kept_total")]);
      await world.age(midnightMs + afterDays * dayMs);
      const selectors = [[{ name: "__name__", op: "=" as const, value: "x_total" }]];
      const span = { startMs: midnightMs - 20 * minute + 1, endMs: midnightMs };
      const deletion = { signal: "metrics" as const, tenant: "t", selectors, query: "x_total" };
      await world.store.delete({ ...deletion, ...span }, "test");
      const count = (name: string) => valuesOf(world, `count_over_time(${name}[15m])`, 15 * minute);
      const expected = [60, 60, 60];
      for (const hours of [0, 1, 3, 12 * 24]) {
        if (hours > 0) await world.age(midnightMs + afterDays * dayMs + hours * 60 * minute);
        expect(await count("kept_total")).toEqual(expected);
        expect(await count("x_total")).toEqual([60, 40]);
      }
      const names = await world.source().series({
        tenant: "t",
        selectors: [],
        startMs: midnightMs - 15 * minute,
        endMs: midnightMs,
      });
      expect(names.map((labels) => labels["__name__"])).toEqual(["kept_total"]);
    });
  }
});

test("of native histograms a tier keeps enough for rates, resets included", async () => {
  await inWorld({}, async (world) => {
    // 1 observation in 15 s; after half an hour the counter starts again.
    const histograms = times.map((_, i) => ({
      ...emptyHistogram,
      zeroCount: (i % 120) + 1,
      count: (i % 120) + 1,
    }));
    const labels = { __name__: "h" };
    const timestampsMs = Float64Array.from(times);
    await world.commit([
      { labels, timestampsMs, values: new Float64Array(times.length), histograms },
    ]);
    await world.age(midnightMs + 20 * dayMs);
    const [, , whole = 0] = await valuesOf(world, "histogram_count(rate(h[1h]))");
    expect(whole * 15).toBeCloseTo(1, 1);
    const [last] = (await valuesOf(world, "histogram_count(h)")).slice(-1);
    expect(last).toBe(120);
  });
});

test("a lost catalog is rebuilt from tiers too, with nothing twice, and check finds no fault", async () => {
  await inWorld({}, async (world) => {
    await world.commit([counter("x_total")]);
    const more = times.map((time) => time + dayMs);
    await world.commit([
      gauge(
        "x_total",
        more,
        more.map((_, i) => 30 * i),
      ),
    ]);
    await world.age(midnightMs + 1.8 * dayMs);
    expect(world.widths()).toEqual([0, minute, 5 * minute]);
    const lanes = (await world.store.recover()).lanes;
    const before = await valuesOf(world, "count_over_time(x_total[2d])");
    const expected = await valuesOf(world, "rate(x_total[10m])");
    await world.close();
    for (const end of ["", "-wal", "-shm"])
      rmSync(join(world.folder, `catalog.db${end}`), { force: true });
    const config = StoreConfig.parse({});
    const report = await withStorage(config, world.folder, "write", rebuildCatalog);
    expect(report.unreadable).toEqual([]);
    const check = await withStorage(config, world.folder, "read", checkBlocks);
    expect(check.faults).toEqual([]);
    await world.open();
    expect(await valuesOf(world, "count_over_time(x_total[2d])")).toEqual(before);
    expect((await world.store.recover()).lanes).toEqual(lanes);
    await world.age(midnightMs + 10 * dayMs);
    expect(await valuesOf(world, "rate(x_total[10m])")).toEqual(expected);
    expect(world.widths()).toEqual([5 * minute]);
  });
});

test("SQL reads tiers as they are documented", async () => {
  await inWorld({}, async (world) => {
    await world.commit([
      counter("x_total"),
      gauge(
        "flat",
        times,
        times.map(() => 2.5),
      ),
    ]);
    await world.age(midnightMs + 60 * minute);
    const folder = join(world.folder, "sql");
    const document = readFileSync(join(import.meta.dir, "../../docs/formats/parquet.md"), "utf8");
    const sql = /```sql tiers\n([^`]+)```/.exec(document)?.[1] ?? "";
    expect(sql).toContain("read_parquet");
    const blocks = world.store.view().blocks.filter(({ bucketMs }) => bucketMs === 5 * minute);
    const files = await world.store.view().files(blocks);
    const duckdb = new Duckdb({
      memoryBytes: 1 << 28,
      threads: 1,
      connectionsMax: 1,
      temporaryFolder: folder,
    });
    try {
      await duckdb.use("read a tier", async (connection) => {
        await connection.run(tiersView(new Map([[5 * minute, files.paths]])));
        const reader = await connection.runAndReadAll(`SELECT name, count(*)::INTEGER,
          sum(count)::INTEGER, sum(sum), min(min), max(max), sum(increase), any_value(bucket_seconds)::INTEGER
          FROM metrics_tiers GROUP BY name ORDER BY name`);
        expect(reader.getRows()).toEqual([
          ["flat", 12, 240, 600, 2.5, 2.5, 0, 300],
          ["x_total", 12, 240, (30 * 239 * 240) / 2, 0, 30 * 239, 12 * 19 * 30, 300],
        ]);
        const plain = await connection.runAndReadAll(
          sql.replaceAll("tier.parquet", files.paths[0] ?? ""),
        );
        expect(plain.getRows().length).toBe(24);
        expect(plain.getRowObjectsJS().at(-1)).toMatchObject({
          name: "x_total",
          timestamp_ms: BigInt(times.at(-1) ?? 0),
          count: 20,
          last: 30 * 239,
          first: 30 * 220,
          increase: 30 * 19,
        });
      });
    } finally {
      files.release();
      await duckdb.close();
    }
  });
});
