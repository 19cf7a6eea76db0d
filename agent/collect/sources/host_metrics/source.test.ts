import { afterAll, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { MetricsBatch } from "#shared/model/metrics.ts";
import { systemClock } from "#shared/runtime/clock.ts";
import { silentLogger } from "#shared/runtime/log.ts";
import type { SourceContext } from "../../source.ts";
import { hostMetrics } from "./source.ts";

const directory = mkdtempSync(join(tmpdir(), "host_metrics_"));
afterAll(() => rmSync(directory, { recursive: true }));
const root = { proc: join(directory, "proc"), sys: join(directory, "sys"), rootfs: directory };
mkdirSync(root.proc);

/** Runs the source for two ticks, with what happens before the second. */
async function twoTicks(options: object, between = () => {}) {
  const batches: MetricsBatch[] = [];
  const degraded: (string | undefined)[] = [];
  const drops: unknown[] = [];
  const context: SourceContext = {
    clock: systemClock,
    log: silentLogger,
    signal: new AbortController().signal,
    hostname: "h1",
    async *every() {
      yield 15_000;
      between();
      yield await Promise.resolve(30_000);
    },
    emitMetrics: (batch) => Promise.resolve(void batches.push(batch)),
    emitLogs: () => Promise.resolve(),
    checkpoint: () => undefined,
    checkpoints: () => new Map(),
    drop: (...drop) => void drops.push(drop),
    degraded: (message) => void degraded.push(message),
    reportTargets: () => {},
  };
  await hostMetrics.run(hostMetrics.config.parse({ ...root, ...options }), context);
  return { batches, degraded, drops };
}

test("host_metrics emits a row a tick, with its labels on every series", async () => {
  writeFileSync(join(root.proc, "loadavg"), "0.5 0.25 0.125 1/2 3\n");
  const { batches } = await twoTicks({ labels: { zone: "a" } });
  expect(batches.map(({ rows }) => rows.map(({ timestampMs }) => timestampMs))).toEqual([
    [15_000],
    [30_000],
  ]);
  const [first, second] = batches;
  expect(second?.schema === first?.schema).toBe(true);
  const series = first?.schema.series ?? [];
  const load = series.findIndex((labels) => labels["__name__"] === "node_load5");
  expect(series[load]).toEqual({ __name__: "node_load5", job: "node", instance: "h1", zone: "a" });
  expect(first?.rows[0]?.values[load]).toBe(0.25);
  expect(series.every((labels) => labels["instance"] === "h1" && labels["zone"] === "a")).toBe(
    true,
  );
});

test("host_metrics leaves a collector out that is switched off", async () => {
  const { batches } = await twoTicks({ collectors: { loadavg: false }, job: "", instance: "i" });
  const series = batches[0]?.schema.series ?? [];
  expect(series.some((labels) => labels["__name__"] === "node_load5")).toBe(false);
  expect(series.some((labels) => labels["collector"] === "loadavg")).toBe(false);
  expect(series.some((labels) => "job" in labels)).toBe(false);
});

test("host_metrics tells which collectors fail, and when they no longer do", async () => {
  rmSync(join(root.proc, "loadavg"));
  const restore = () => writeFileSync(join(root.proc, "loadavg"), "1 1 1 1/2 3\n");
  const { degraded } = await twoTicks({}, restore);
  expect(degraded).toHaveLength(2);
  expect(degraded[0]).toContain("loadavg");
  expect(degraded[1]).not.toContain("loadavg");
});

test("host_metrics counts the samples beyond its limit as dropped", async () => {
  const { drops, batches } = await twoTicks({ series_max: 3 });
  expect(batches[0]?.schema.series).toHaveLength(3);
  expect(drops).toHaveLength(2);
  expect(drops[0]).toEqual(["metrics", "series_limit", expect.any(Number)]);
});
