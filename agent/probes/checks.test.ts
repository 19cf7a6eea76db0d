import { afterAll, expect, test } from "bun:test";
import { parse } from "yaml";
import type { TargetReport } from "../collect/target_report.ts";
import type { SourceContext } from "../collect/source.ts";
import type { MetricsBatch } from "#shared/model/metrics.ts";
import { systemClock } from "#shared/runtime/clock.ts";
import { silentLogger } from "#shared/runtime/log.ts";
import { createSelfMetrics } from "#shared/runtime/self_metrics.ts";
import { ProbeTargets } from "#test/support/probe_targets.ts";
import { checkSources } from "./checks.ts";
import { ProbesConfig } from "./config.ts";
import { createProbeMeters } from "./meters.ts";

const targets = new ProbeTargets();
afterAll(() => targets.close());

function configOf(text: string): ProbesConfig {
  return ProbesConfig.parse(parse(text));
}

test("a check probes its targets at its interval, with series and reports of its own", async () => {
  const port = await targets.http();
  const config = configOf(`
modules: {web: {prober: http}}
checks:
  - {name: site, module: web, interval: 100ms, labels: {team: a}, targets: ["http://me:secret@127.0.0.1:${port}/", "http://127.0.0.1:${port}/broken"]}
  - {name: elsewhere, module: web, targets: ["x"], vantages: {agents: [other]}}`);
  const meters = createProbeMeters(createSelfMetrics());
  const sources = checkSources(config, { name: "here", labels: {} }, meters);
  expect(sources.map(({ name }) => name)).toEqual(["probe/site"]);
  const ended = new AbortController();
  const seen = new Map<string, number>();
  let reports: readonly TargetReport[] = [];
  const context: SourceContext = {
    clock: systemClock,
    log: silentLogger,
    signal: ended.signal,
    hostname: "here",
    every: () => {
      throw new Error("not asked for");
    },
    emitMetrics: ({ schema, rows }: MetricsBatch) => {
      for (const [i, { __name__: name, ...labels }] of schema.series.entries())
        if (name === "probe_success") {
          expect(labels).toMatchObject({ job: "probe", probe: "site", vantage: "here", team: "a" });
          seen.set(labels["instance"] ?? "", rows[0]?.values[i] ?? Number.NaN);
        }
      if (seen.size === 2) ended.abort();
      return Promise.resolve();
    },
    emitLogs: () => Promise.resolve(),
    checkpoint: () => undefined,
    checkpoints: () => new Map(),
    drop: () => {},
    degraded: () => {},
    reportTargets: (all) => {
      reports = all;
    },
  };
  await sources[0]?.run(context);
  expect(seen).toEqual(
    new Map([
      [`http://127.0.0.1:${port}/`, 1],
      [`http://127.0.0.1:${port}/broken`, 0],
    ]),
  );
  expect(reports.map(({ health }) => health)).toEqual(["up", "down"]);
  expect(reports[1]?.lastError).toContain("Invalid HTTP response status code");
  expect(JSON.stringify(reports)).not.toContain("secret@");
});

const of = (timeout: string) =>
  checkSources(
    configOf(
      `{modules: {m: {prober: tcp, timeout: ${timeout}}}, checks: [{name: c, module: m, targets: ["h:1"]}]}`,
    ),
    { name: "here", labels: {} },
    createProbeMeters(createSelfMetrics()),
  )[0]?.fingerprint;

test("a source is another when its module is", () => {
  expect(of("1s")).toBe(of("1s"));
  expect(of("1s")).not.toBe(of("2s"));
});
