import { expect, test } from "bun:test";
import type { Labels } from "#shared/model/labels.ts";
import { DependenciesConfig } from "../dependencies/config.ts";
import { receivedAlert } from "./alert.ts";
import { DownAlerts } from "./down_alerts.ts";

const config = DependenciesConfig.parse({
  target_down: ['alertname="TargetDown"'],
  behind: [{ name: "switch-1", hosts: ["web-*"] }],
});

/** Firing alerts with these labels; `causeOf` gives the labels of the one that inhibits one with given labels. */
function world(...firing: readonly Labels[]) {
  const down = new DownAlerts(config);
  const alerts = firing.map((labels) =>
    receivedAlert({ labels, annotations: {}, generatorUrl: "" }, 0, 300_000),
  );
  for (const alert of alerts) down.add(alert);
  const causeOf = (labels: Labels, nowMs = 0) => {
    const found = down.sourceOf(labels, nowMs);
    return alerts.find(({ fingerprint }) => fingerprint === found)?.labels;
  };
  return { down, causeOf };
}

const hostDown = { alertname: "HostDown", instance: "web-1:9100" };
const targetDown = { alertname: "TargetDown", host: "web-1", instance: "web-1:6379" };
const switchDown = { alertname: "HostDown", host: "switch-1", instance: "probe" };

test("a host that is down inhibits alerts that name it, with or without a port", () => {
  const { causeOf } = world(hostDown);
  for (const labels of [
    { alertname: "RedisDown", instance: "web-1:6379" },
    { alertname: "HighLoad", host: "web-1" },
    { alertname: "Slow", host: "elsewhere", instance: "web-1" },
  ])
    expect(causeOf(labels)).toBe(hostDown);
  for (const labels of [
    { alertname: "RedisDown", instance: "web-10:6379" },
    { alertname: "RedisDown", job: "web-1" },
    { alertname: "RedisDown" },
  ])
    expect(causeOf(labels)).toBeUndefined();
});

test("a target that is down inhibits alerts about that target only", () => {
  const { causeOf } = world(targetDown);
  expect(causeOf({ alertname: "RedisBusy", instance: "web-1:6379" })).toBe(targetDown);
  expect(causeOf({ alertname: "NginxDown", instance: "web-1:80" })).toBeUndefined();
  expect(causeOf({ alertname: "HighLoad", host: "web-1" })).toBeUndefined();
});

test("what is farther away is the cause, and no two alerts inhibit each other", () => {
  const { causeOf } = world(targetDown, hostDown, switchDown);
  const service = { alertname: "RedisBusy", instance: "web-1:6379" };
  expect([service, targetDown, hostDown].map((labels) => causeOf(labels))).toEqual([
    switchDown,
    switchDown,
    switchDown,
  ]);
  expect(causeOf(switchDown)).toBeUndefined();
  const without = world(targetDown, hostDown);
  expect([targetDown, hostDown].map((labels) => without.causeOf(labels))).toEqual([
    hostDown,
    undefined,
  ]);
  // Two who say the same are both shown.
  const other = { ...hostDown, vantage: "b" };
  expect(world(hostDown, other).causeOf(other)).toBeUndefined();
});

test("an alert that is resolved inhibits nothing, and is forgotten", () => {
  const { down, causeOf } = world(hostDown);
  const labels = { alertname: "HighLoad", host: "web-1" };
  expect([causeOf(labels, 299_999), causeOf(labels, 300_000)]).toEqual([hostDown, undefined]);
  down.clean(({ endsAtMs }) => endsAtMs <= 300_000);
  expect(causeOf(labels)).toBeUndefined();
});

test("names of properties of objects are names like others", () => {
  const { causeOf } = world({ alertname: "HostDown", host: "constructor" });
  expect(causeOf({ alertname: "A" })).toBeUndefined();
  expect(causeOf({ alertname: "A", host: "constructor:1" })).toBeDefined();
});
