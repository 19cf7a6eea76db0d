import { expect, test } from "bun:test";
import type { SentAlert } from "../../client/alertmanager.ts";
import { underCauses } from "./alert_causes.ts";
import { shownAlerts } from "./alert_groups.ts";

function sent(name: string, ...inhibitedBy: readonly string[]): SentAlert {
  return {
    fingerprint: name,
    labels: { alertname: name },
    annotations: {},
    startsMs: 0,
    generatorUrl: "",
    receivers: [],
    silencedBy: [],
    inhibitedBy,
    mutedBy: [],
  };
}
function causes(...all: readonly SentAlert[]) {
  const { shown, inhibited } = underCauses(shownAlerts([], all));
  return {
    shown: shown.map(({ name }) => name),
    inhibited: Object.fromEntries(
      [...inhibited].map(([key, alerts]) => [key, alerts.map(({ name }) => name)]),
    ),
  };
}

test("inhibited alerts stand under the alert at the end of their chain", () => {
  expect(
    causes(sent("Host"), sent("Service", "Host"), sent("Page", "Service"), sent("Other")),
  ).toEqual({ shown: ["Host", "Other"], inhibited: { Host: ["Service", "Page"] } });
});

test("an alert whose cause is not among these, or that inhibits itself by way of others, stands for itself", () => {
  expect(causes(sent("A", "gone"), sent("B", "C"), sent("C", "B"))).toEqual({
    shown: ["A", "B", "C"],
    inhibited: {},
  });
});
