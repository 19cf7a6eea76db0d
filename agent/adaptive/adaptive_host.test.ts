import { expect, test } from "bun:test";
import { AgentConfig } from "#agent/config/config.ts";
import type { RunnableSource } from "#agent/collect/collector.ts";
import type { MetricsBatch } from "#shared/model/metrics.ts";
import { systemClock } from "#shared/runtime/clock.ts";
import { silentLogger } from "#shared/runtime/log.ts";
import { createSelfMetrics } from "#shared/runtime/self_metrics.ts";
import { metricsContext } from "#test/support/metrics_context.ts";
import { AdaptiveHost } from "./adaptive_host.ts";

const request = { reason: "request", match: [], beforeMs: 1_000, afterMs: 0 } as const;
const scrape_configs = [
  { job_name: "a", scrape_interval: "15s", scrape_timeout: "500ms" },
  { job_name: "b", scrape_interval: "30s" },
];
const configOf = (adaptive_resolution?: object) =>
  AgentConfig.parse({
    scrape_configs,
    ...(adaptive_resolution === undefined ? {} : { adaptive_resolution }),
  });

function hosted() {
  const stored: MetricsBatch[] = [];
  const host = new AdaptiveHost({
    clock: systemClock,
    log: silentLogger,
    metrics: createSelfMetrics(),
    labels: () => ({}),
    store: async (batch) => stored.push(batch),
  });
  return { host, stored };
}

const values = (batches: readonly MetricsBatch[]) =>
  batches.map(({ rows }) => [...(rows[0]?.values ?? [])]);

const source = (type: string, name: string): RunnableSource => ({
  type,
  name,
  fingerprint: "f",
  run: () => Promise.resolve(),
});

test("AdaptiveHost leaves everything as it is where it is not configured", async () => {
  const { host } = hosted();
  const config = configOf();
  await host.configure(config);
  const sources = [source("host_metrics", "host_metrics")];
  expect(host.sources(sources)).toBe(sources);
  expect(host.jobs(config.scrape_configs)).toBe(config.scrape_configs);
  expect(host.request(request)).rejects.toThrow("no adaptive_resolution configured");
});

test("AdaptiveHost restarts the sources that are chosen, and scrapes the jobs that are at their interval", async () => {
  const { host } = hosted();
  const config = configOf({ sources: ["scrape/a", "host_metrics"], collect: "2s" });
  await host.configure(config);
  const fingerprints = host
    .sources([source("host_metrics", "host_metrics"), source("file_logs", "file_logs")])
    .map(({ name, fingerprint }) => [name, fingerprint === "f"]);
  expect(fingerprints).toEqual([
    ["host_metrics", false],
    ["file_logs", true],
    ["adaptive_resolution", false],
  ]);
  expect(
    host
      .jobs(config.scrape_configs)
      .map(({ scrape_interval, scrape_timeout }) => [scrape_interval, scrape_timeout]),
  ).toEqual([
    [2_000, 500],
    [30_000, undefined],
  ]);
});

test("AdaptiveHost stores what open windows held when it is switched off, and can be switched on again", async () => {
  const { host, stored } = hosted();
  const on = configOf({ ship: "1h" });
  await host.configure(on);
  const emitted: MetricsBatch[] = [];
  const schema = { series: [{ __name__: "a" }], families: [] };
  const [wrapped] = host.sources([
    {
      ...source("host_metrics", "host_metrics"),
      run: async (context) => {
        for (const value of [1, 2])
          await context.emitMetrics({
            schema,
            rows: [{ timestampMs: 7_200_000 + value, values: Float64Array.of(value) }],
          });
      },
    },
  ]);
  const { signal } = new AbortController();
  await wrapped?.run(metricsContext(systemClock, signal, (batch) => void emitted.push(batch)));
  expect(values(emitted)).toEqual([[1]]);
  await host.configure(configOf());
  expect(values(stored)).toEqual([[2]]);
  expect(host.request(request)).rejects.toThrow("no adaptive_resolution configured");
  await host.configure(on);
  expect(host.sources([])).toHaveLength(1);
});
