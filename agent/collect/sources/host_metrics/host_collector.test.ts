import { expect, test } from "bun:test";
import { systemClock } from "#shared/runtime/clock.ts";
import type { Collector } from "./collector.ts";
import { NoDataError } from "./collector.ts";
import { gauge } from "../../samples/family.ts";
import { HostMetricsConfig, collectorOptions } from "./config.ts";
import { hostCollector } from "./host_collector.ts";

const value = gauge("value", "A value.", ["from"]);
const works: Collector = { name: "works", create: () => (sink) => sink.add(value, 1, "works") };
const awaits: Collector = {
  name: "awaits",
  create: () => async (sink) => {
    await Promise.resolve();
    sink.add(value, 2, "awaits");
  },
};
const fails: Collector = {
  name: "fails",
  create: () => (sink) => {
    sink.add(value, 3, "fails");
    throw new Error("broken");
  },
};
const lacks: Collector = {
  name: "lacks",
  create: () => () => {
    throw new NoDataError("RAID devices");
  },
};

test("hostCollector() lets a collector that fails degrade alone", async () => {
  const collect = hostCollector({
    collectors: [fails, works, lacks, awaits],
    root: { proc: "/proc", sys: "/sys", rootfs: "/" },
    options: collectorOptions(HostMetricsConfig.parse({})),
    labels: { job: "node" },
    seriesMax: 100,
    clock: systemClock,
  });
  const { schema, row, failures } = await collect(1_000);
  const of = (name: string, label: string) =>
    Object.fromEntries(
      schema.series.flatMap((labels, i) =>
        labels["__name__"] === name ? [[labels[label] ?? "", row.values[i]] as const] : [],
      ),
    );
  expect(of("node_scrape_collector_success", "collector")).toEqual({
    fails: 0,
    works: 1,
    lacks: 0,
    awaits: 1,
  });
  expect(of("value", "from")).toEqual({ fails: 3, works: 1, awaits: 2 });
  expect(failures).toEqual([{ collector: "fails", message: "broken" }]);
});
