import { expect, test } from "bun:test";
import type { AlertRow, AlertRuleRow } from "../../client/alerting.ts";
import { readConditions } from "../../promql/label_conditions.ts";
import { AlertListOptions } from "./options.ts";
import { alertLines } from "./rows.ts";

const alert = (name: string, state: string, activeMs: number, team: string): AlertRow => ({
  name,
  state,
  labels: { alertname: name, team },
  annotations: { summary: `${name} of ${team}` },
  activeMs,
  value: "1",
});
const alerts = [
  alert("Waits", "pending", 30, "web"),
  alert("Down", "firing", 10, "db"),
  alert("Full", "firing", 20, "web"),
];
const all = () => true;

function names(options: object, labels = ""): string[] {
  const conditions = readConditions(labels) ?? all;
  return alertLines(alerts, AlertListOptions.parse(options), conditions).map(({ name }) => name);
}

test("alerts are in the order that the options ask for", () => {
  expect(names({})).toEqual(["Full", "Down", "Waits"]);
  expect(names({ sort: "newest" })).toEqual(["Waits", "Full", "Down"]);
  expect(names({ sort: "oldest" })).toEqual(["Down", "Full", "Waits"]);
  expect(names({ sort: "name" })).toEqual(["Down", "Full", "Waits"]);
});

test("states, a part of the name, and labels narrow the list", () => {
  expect(names({ firing: false })).toEqual(["Waits"]);
  expect(names({ name: "ULL" })).toEqual(["Full"]);
  expect(names({}, 'team=~"w.*", alertname!="Waits"')).toEqual(["Full"]);
});

const rule = (name: string, state: string, own: readonly AlertRow[]): AlertRuleRow => ({
  name,
  group: "hosts",
  folder: "rules.yaml",
  state,
  labels: {},
  alerts: own,
});

test("rules have the state of their alerts, and inactive ones are shown where they are asked for", () => {
  const rules = [rule("Quiet", "inactive", []), rule("Down", "firing", alerts)];
  const lines = (options: object) =>
    alertLines(rules, AlertListOptions.parse({ view: "rules", ...options }), all);
  expect(lines({}).map(({ name }) => name)).toEqual(["Down"]);
  expect(
    lines({ inactive: true }).map(({ name, summary, sinceMs }) => [name, summary, sinceMs]),
  ).toEqual([
    ["Down", "hosts, 3 alerts", 10],
    ["Quiet", "hosts", Number.NaN],
  ]);
});
