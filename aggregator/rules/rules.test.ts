import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "#shared/runtime/clock.ts";
import { silentLogger } from "#shared/runtime/log.ts";
import { createSelfMetrics } from "#shared/runtime/self_metrics.ts";
import { until } from "#test/support/asking.ts";
import type { DueData } from "../read/own_data.ts";
import { Alertmanagers } from "./alertmanagers/alertmanagers.ts";
import { RulesConfig } from "./config.ts";
import { Rules } from "./rules.ts";
import { openStoredRules } from "./stored/stored_rules.fixture.ts";

const folder = mkdtempSync(join(tmpdir(), "lapwing-rules-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Rules over one series that always has a sample; `written` has the texts of the series that they wrote. */
async function opened(name: string, text: string, more: object = {}) {
  const file = join(folder, `${name}.yaml`);
  writeFileSync(file, text);
  const written = new Set<string>();
  const config = (changed: object = {}) =>
    RulesConfig.parse({ files: [file], for_grace_period: "0s", ...more, ...changed });
  const selfMetrics = createSelfMetrics();
  const alertmanagers = new Alertmanagers(config().alerting, {
    clock: systemClock,
    log: silentLogger,
    metrics: selfMetrics,
    fetch,
    sendOwn: () => {},
  });
  const rules = await Rules.open(config(), {
    clock: systemClock,
    log: silentLogger,
    metrics: selfMetrics,
    tenant: "t",
    stored: await openStoredRules(),
    foundKinds: () => new Set(),
    ask: async () => [{ labels: { __name__: "x", host: "a" }, value: 1 }],
    askRange: async () => [],
    askReads: async () => [],
    missing: { list: () => [], hasArrived: () => true, feedOf: async () => undefined },
    forState: async () => [],
    alertmanagers,
    onConfigured: () => {},
    append: (_, { metrics }: DueData) => {
      for (const { rows } of metrics)
        for (const { schema } of rows)
          for (const { __name__: of, alertname = "", region = "" } of schema.series)
            written.add(`${of} ${alertname} ${region}`.trim());
    },
  });
  return { rules, written, config, file };
}

const alert = (name: string, labels = "") =>
  `groups: [{name: g, interval: 50ms, rules: [{alert: ${name}, expr: x${labels}}]}]`;

test("a reload before the restoration of alerts does not prevent it", async () => {
  const { rules, written, config, file } = await opened("early", alert("A"));
  rules.start();
  writeFileSync(file, alert("A").replace("expr: x", "expr: x, for: 0s, annotations: {a: b}"));
  (await rules.prepare(config()))();
  await until("the series", () => written.has("ALERTS A"));
  await rules.stop();
});

test("a group restarts when external labels change, and keeps running otherwise", async () => {
  const label = `, labels: {region: "{{ $externalLabels.region }}"}`;
  const { rules, written, config } = await opened("outside", alert("A", label));
  rules.start();
  await until("the series", () => written.has("ALERTS A"));
  const [before] = rules.evaluations;
  (await rules.prepare(config()))();
  expect(before !== undefined && rules.evaluations[0] === before).toBe(true);
  (await rules.prepare(config({ external_labels: { region: "eu" } })))();
  await until("the new label", () => written.has("ALERTS A eu"));
  await rules.stop();
});

test("a broken file keeps the old rules on reload, and means no rules at start", async () => {
  const { rules, config, file } = await opened("mistakes", alert("A"));
  rules.start();
  writeFileSync(file, alert("A").replace("expr: x", "expr: x("));
  expect(rules.prepare(config())).rejects.toThrow(/mistakes\.yaml:1: group "g", rule 1, "A"/);
  await until("the fault", () => rules.fault !== undefined);
  expect(rules.evaluations.map(({ group }) => group.name)).toEqual(["g"]);
  await rules.stop();
  const broken = await opened("broken", alert("A").replace("alert:", "allert:"));
  broken.rules.start();
  expect(broken.rules.evaluations).toEqual([]);
  expect(broken.rules.fault).toContain("no such key: allert");
  await broken.rules.stop();
});
