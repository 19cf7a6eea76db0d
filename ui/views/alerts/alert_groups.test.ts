import { expect, test } from "bun:test";
import type { RuleRow } from "../../client/alerting.ts";
import type { SentAlert } from "../../client/alertmanager.ts";
import { findAlerts, groupAlerts, ownLabels, shownAlerts, toneOf } from "./alert_groups.ts";

function alertOf(labels: Record<string, string>, state = "firing", activeMs = 1_000) {
  const name = labels["alertname"] ?? "";
  return { name, state, labels, annotations: { summary: `of ${name}` }, activeMs, value: "1e+00" };
}

function ruleOf(name: string, alerts: readonly ReturnType<typeof alertOf>[]): RuleRow {
  return {
    kind: "alerting",
    name,
    group: "g",
    file: "f",
    place: 0,
    query: "up == 0",
    state: "firing",
    labels: {},
    annotations: {},
    forMs: 0,
    keepFiringMs: 0,
    health: "ok",
    lastError: "",
    evaluatedMs: 1,
    tookMs: 1,
    intervalMs: 1,
    alerts,
  };
}

function sentOf(labels: Record<string, string>, held: Partial<SentAlert> = {}): SentAlert {
  return {
    fingerprint: JSON.stringify(labels),
    labels,
    annotations: {},
    startsMs: 5,
    generatorUrl: "",
    receivers: ["team"],
    silencedBy: [],
    inhibitedBy: [],
    mutedBy: [],
    ...held,
  };
}

test("alerts of rules show what became of them, whatever labels were added when they were sent", () => {
  const down = { alertname: "Down", instance: "a" };
  const rules = [ruleOf("Down", [alertOf(down), alertOf({ alertname: "Down", instance: "b" })])];
  const sent = [
    sentOf({ ...down, region: "eu" }, { silencedBy: ["1"] }),
    sentOf({ alertname: "Foreign" }, { inhibitedBy: ["x"] }),
  ];
  const shown = shownAlerts(rules, sent);
  expect(shown.map(({ name, state }) => [name, state])).toEqual([
    ["Down", "silenced"],
    ["Down", "firing"],
    ["Foreign", "inhibited"],
  ]);
  expect(shown[2]?.rule).toBeUndefined();
});

test("groups come firing first, then by severity, then the newest", () => {
  const names = ["Info", "Page", "Waits", "Warn", "Held"];
  const severities = ["info", "critical", "critical", "warning", "critical"];
  const rules = names.map((alertname, i) =>
    ruleOf(alertname, [
      alertOf(
        { alertname, severity: severities[i] ?? "" },
        alertname === "Waits" ? "pending" : "firing",
      ),
    ]),
  );
  const held = sentOf({ alertname: "Held", severity: "critical" }, { mutedBy: ["night"] });
  const groups = groupAlerts(shownAlerts(rules, [held]));
  expect(groups.map(({ name }) => name)).toEqual(["Page", "Warn", "Info", "Waits", "Held"]);
  expect(groups.map(toneOf)).toEqual(["bad", "warn", "quiet", "warn", "quiet"]);
});

test("a group names only the labels that differ between its alerts", () => {
  const labels = ["a", "b"].map((instance) => ({ alertname: "Down", job: "web", instance }));
  const [group] = groupAlerts(
    shownAlerts(
      [
        ruleOf(
          "Down",
          labels.map((each) => alertOf(each)),
        ),
      ],
      [],
    ),
  );
  const [first] = group?.alerts ?? [];
  expect(first !== undefined && group !== undefined && ownLabels(first, group)).toEqual([
    ["instance", "a"],
  ]);
  expect(group?.summary).toBe("of Down");
});

test("a filter with quotes or a regular expression is read as matchers", () => {
  const labels = ["db-1", "web-1"].map((instance) => ({ alertname: "Down", instance }));
  const all = shownAlerts(
    [
      ruleOf(
        "Down",
        labels.map((each) => alertOf(each)),
      ),
    ],
    [],
  );
  const names = (text: string) => findAlerts(all, text).map((alert) => alert.labels["instance"]);
  expect(names('instance="db-1"')).toEqual(["db-1"]);
  expect(names("instance=~web.*, alertname=Down")).toEqual(["web-1"]);
  expect(names('alertname!="Down"')).toEqual([]);
  // Not finished yet: as words.
  expect(names('instance="db')).toEqual([]);
  expect(names("instance=db-1")).toEqual(["db-1"]);
});

test("all words must stand in the labels or texts", () => {
  const all = shownAlerts([ruleOf("Down", [alertOf({ alertname: "Down", instance: "db-1" })])], []);
  expect(findAlerts(all, "DB-1 of")).toHaveLength(1);
  expect(findAlerts(all, "db-1 web")).toHaveLength(0);
});
