import { expect, test } from "bun:test";
import { create, toBinary } from "@bufbuild/protobuf";
import { HeartbeatSchema } from "#proto/gen/v1/control_pb.js";
import type { TargetReport } from "./collect/target_report.ts";
import { scrapePools, targetStates } from "./heartbeat_targets.ts";

function report(i: number, health: TargetReport["health"]): TargetReport {
  const labels = { instance: `10.0.0.${i}:9100`, job: "node" };
  return {
    pool: "node",
    url: `http://10.0.0.${i}:9100/metrics`,
    labels,
    discoveredLabels: { ...labels, __address__: `10.0.0.${i}:9100`, __scheme__: "http" },
    health,
    lastError: health === "down" ? "refused" : "",
    lastScrapeMs: 1.7e12 + i,
    lastDurationSeconds: 0.003,
    intervalMs: 15_000,
    timeoutMs: 10_000,
    samples: 30,
  };
}

test("targetStates() tells of all targets where there are few", () => {
  const states = targetStates([report(1, "up"), report(2, "down")]);
  expect(states.targets.map(({ health }) => health)).toEqual(["down", "up"]);
  expect(states.targetsLeftOut).toBe(0);
});

test("targetStates() of 10,000 targets fits a message, holds those that are down, and counts the rest", () => {
  const targets = Array.from({ length: 10_000 }, (_, i) =>
    report(i, i % 100 === 99 ? "down" : "up"),
  );
  const states = targetStates(targets);
  expect(states.targets.filter(({ health }) => health === "down")).toHaveLength(100);
  expect(states.targets.length + states.targetsLeftOut).toBe(10_000);
  expect(states.targets.length).toBeGreaterThan(500);
  const counts = states.targetCounts.map(({ pool, health, count }) => [pool, health, count]);
  expect(counts).toEqual([
    ["node", "up", 9_900],
    ["node", "down", 100],
  ]);
  const bytes = toBinary(HeartbeatSchema, create(HeartbeatSchema, states)).length;
  expect(bytes).toBeLessThan(300 * 1024);
});

test("targetStates() is bounded by bytes, so that long labels do not pass the bound", () => {
  const long = { ...report(1, "up"), discoveredLabels: { __meta_text: "ü".repeat(40_000) } };
  const states = targetStates(Array.from({ length: 100 }, () => long));
  expect(states.targets).toHaveLength(3);
  expect(states.targetsLeftOut).toBe(97);
});

test("scrapePools() cuts a configuration that is too long, between two lines, and says so", () => {
  const line = "- 10.0.0.1:9100 # ü\n";
  const [short, long, last] = scrapePools([
    { name: "a", configYaml: "job_name: a\n" },
    { name: "b", configYaml: line.repeat(10_000) },
    { name: "c", configYaml: "job_name: c\n" },
  ]);
  expect(short?.configYaml).toBe("job_name: a\n");
  const lines = long?.configYaml.split("\n") ?? [];
  expect(Buffer.byteLength(long?.configYaml ?? "")).toBeLessThan(65 * 1024);
  expect(lines.at(-3)).toBe(line.trimEnd());
  expect(lines.at(-2)).toMatch(/^# \d+ bytes more/);
  expect(last?.configYaml).toBe("# 12 bytes more: see the agent's own configuration\n");
});
