import { afterAll, expect, setDefaultTimeout, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { silentLogger } from "#shared/runtime/log.ts";
import { createSelfMetrics } from "#shared/runtime/self_metrics.ts";
import { Catalog } from "../../catalog/catalog.ts";
import { PublishedCharts } from "./published_charts.ts";

const folder = mkdtempSync(join(tmpdir(), "lapwing-published-charts-"));
afterAll(() => rmSync(folder, { recursive: true }));

// Catalogs are synced to disk, which other tests keep busy.
setDefaultTimeout(60_000);
const [dayMs, mebibyte] = [24 * 3_600_000, 1_024 ** 2];

/** Charts in a catalog of that name, which open() reads again as a process that starts does. */
function chartsIn(name: string) {
  let nowMs = 1_000_000;
  let catalog: Catalog | undefined;
  return {
    wait: (ms: number) => (nowMs += ms),
    open: async (externalUrl = "http://lapwing") => {
      await catalog?.close();
      catalog = await Catalog.open(`sqlite://${join(folder, `${name}.db`)}`);
      const metrics = createSelfMetrics();
      const charts = await PublishedCharts.open({
        catalog,
        tenant: "default",
        now: () => nowMs,
        externalUrl: () => externalUrl,
        log: silentLogger,
        metrics,
      });
      const dropped = async () =>
        /charts_dropped_total (\d+)/.exec(await metrics.text())?.[1] ?? "absent";
      return { charts, dropped, catalog };
    },
  };
}

const idOf = (url: string | undefined) => basename(url ?? "", ".png");
const png = (byte: number, length = 100) => new Uint8Array(length).fill(byte);
const stored = async (catalog: Catalog) => {
  const rows = await catalog.transaction("test", (sql) => sql`SELECT id FROM published_charts`);
  return [...rows].length;
};

test("published charts outlive a restart, and end after their day", async () => {
  const place = chartsIn("restart");
  const before = await place.open();
  const id = idOf(before.charts.publish(png(7)));
  await before.charts.settled();
  expect(await before.charts.find(id)).toEqual(Buffer.from(png(7)));
  place.wait(dayMs - 1);
  const { charts, catalog } = await place.open();
  expect(await charts.find(id)).toEqual(Buffer.from(png(7)));
  expect(await charts.find(`${id.slice(1)}A`)).toBeUndefined();
  place.wait(1);
  expect(await charts.find(id)).toBeUndefined();
  // The next one takes what is over along.
  charts.publish(png(8));
  await charts.settled();
  expect(await stored(catalog)).toBe(1);
});

test("more than 200 charts drop the oldest, which are counted, also those of before a restart", async () => {
  const place = chartsIn("many");
  const first = await place.open();
  const publish = (charts: PublishedCharts, i: number) => {
    place.wait(1);
    return idOf(charts.publish(png(i)));
  };
  const ids = Array.from({ length: 150 }, (_, i) => publish(first.charts, i));
  await first.charts.settled();
  expect(await first.dropped()).toBe("0");
  const { charts, dropped, catalog } = await place.open();
  const later = Array.from({ length: 60 }, (_, i) => publish(charts, i));
  await charts.settled();
  expect([await dropped(), await stored(catalog)]).toEqual(["10", 200]);
  const found = await Promise.all([...ids, ...later].map((id) => charts.find(id)));
  expect(found.map((one) => one !== undefined)).toEqual(
    found.map((_, i) => found.length - i <= 200),
  );
});

test("charts take 16 MiB at most", async () => {
  const { charts, dropped, catalog } = await chartsIn("large").open();
  const ids = Array.from({ length: 6 }, (_, i) => idOf(charts.publish(png(i, 3 * mebibyte))));
  await charts.settled();
  expect([await dropped(), await stored(catalog)]).toEqual(["1", 5]);
  expect(await charts.find(ids[0] ?? "")).toBeUndefined();
  expect((await charts.find(ids[5] ?? ""))?.length).toBe(3 * mebibyte);
});

test("a server without an address publishes nothing", async () => {
  const { charts, catalog } = await chartsIn("nameless").open("");
  expect(charts.publish(png(1))).toBeUndefined();
  await charts.settled();
  expect(await stored(catalog)).toBe(0);
});
