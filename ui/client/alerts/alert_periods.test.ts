import { expect, test } from "bun:test";
import { firingPeriods, fitsSeries } from "./alert_periods.ts";

test("a stretch without a gap is one period, and the last one may still go on", () => {
  const labels = { __name__: "ALERTS", alertstate: "firing", alertname: "Down", host: "a" };
  const timesMs = Float64Array.from([0, 10, 20, 30, 40, 50]);
  const { NaN: gap } = Number;
  const values = Float64Array.from([gap, 1, 1, gap, gap, 1]);
  expect(firingPeriods({ timesMs, series: [{ labels, values }] }, 10)).toEqual([
    { labels: { alertname: "Down", host: "a" }, startMs: 10, endMs: 30 },
    { labels: { alertname: "Down", host: "a" }, startMs: 50, endMs: undefined },
  ]);
  const never = Float64Array.from(timesMs, () => gap);
  expect(firingPeriods({ timesMs, series: [{ labels, values: never }] }, 10)).toEqual([]);
});

test("an alert fits series that share a label with it and differ in none", () => {
  const alert = { alertname: "Down", severity: "critical", job: "node", instance: "a" };
  const fits = (...series: Parameters<typeof fitsSeries>[1]) => fitsSeries(alert, series);
  expect(fits({ __name__: "up", job: "node", instance: "a", mode: "idle" })).toBe(true);
  expect(fits({ job: "node" })).toBe(true);
  expect(fits({ job: "node", instance: "b" }, { instance: "a" })).toBe(true);
  expect(fits({ job: "node", instance: "b" })).toBe(false);
  expect(fits({ alertname: "Down", severity: "critical" })).toBe(false);
  expect(fits({ region: "eu" })).toBe(false);
  expect(fits({ job: "" })).toBe(false);
  expect(fits()).toBe(false);
});
