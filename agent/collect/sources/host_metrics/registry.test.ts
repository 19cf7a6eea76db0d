import { expect, test } from "bun:test";
import { basename, join } from "node:path";
import { Glob } from "bun";
import { HostMetricsConfig } from "./config.ts";
import { collectorNames, collectors } from "./registry.ts";

test("registry lists every collector of the folder under its name, sorted", () => {
  const files = [...new Glob("*/*.ts").scanSync(join(import.meta.dir, "collectors"))]
    .filter((path) => !path.endsWith(".test.ts"))
    .map((path) => basename(path, ".ts"))
    .toSorted();
  expect(Object.keys(collectors)).toEqual(files);
  expect(Object.values(collectors).map(({ name }): string => name)).toEqual(files);
  expect(collectorNames.map(String)).toEqual(files);
});

test("HostMetricsConfig has defaults, and refuses unknown keys, collectors and bad patterns", () => {
  expect(HostMetricsConfig.parse({})).toMatchObject({ interval: 15_000, job: "node" });
  expect(HostMetricsConfig.parse({ collectors: { arp: false } }).collectors.arp).toBe(false);
  for (const bad of [
    { intervall: "15s" },
    { interval: "0" },
    { collectors: { arpp: false } },
    { netdev: { device_exclude: "(" } },
    { filesystem: { mount_points_exclude: "(?<=a)b" } },
  ]) {
    expect(HostMetricsConfig.safeParse(bad).success).toBe(false);
  }
});
