import { afterAll, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { stringify } from "yaml";
import { z } from "zod";
import { asking, until } from "#test/support/asking.ts";
import { Stage } from "#test/support/stage.ts";

const stage = new Stage();
afterAll(() => stage.stop());

const file = stage.path("rules.yaml");
const rules = {
  groups: [
    {
      name: "temperatures",
      interval: "500ms",
      labels: { team: "ops" },
      rules: [
        { record: "room:temperature:max", expr: "max by (room) (temperature_celsius)" },
        {
          alert: "Hot",
          expr: "room:temperature:max > 30",
          for: "2s",
          labels: { severity: "page" },
          annotations: { summary: "{{ $labels.room }} has {{ $value }} degrees" },
        },
        { alert: "Pending", expr: "temperature_celsius > 0", for: "1h" },
        {
          alert: "Errors",
          expr: 'sum by (app) (count_over_time({app="shop"} |= "error" [1m])) > 1',
        },
        { alert: "Broken", expr: "temperature_celsius * on() temperature_celsius" },
      ],
    },
  ],
};

const Rule = z.object({
  name: z.string(),
  type: z.string(),
  health: z.string(),
  state: z.string().exactOptional(),
  lastError: z.string().exactOptional(),
  query: z.string(),
  labels: z.record(z.string(), z.string()).exactOptional(),
});
const Groups = z.object({
  data: z.object({ groups: z.array(z.object({ name: z.string(), rules: z.array(Rule) })) }),
});
const Alerts = z.object({
  data: z.object({
    alerts: z.array(
      z.object({
        labels: z.record(z.string(), z.string()),
        annotations: z.record(z.string(), z.string()),
        state: z.string(),
        activeAt: z.string(),
        value: z.string(),
      }),
    ),
  }),
});

const config = {
  role: "up" as const,
  name: "up",
  config: {
    data_dir: stage.path("data"),
    sources: [],
    ingest: { flush_interval: "1s" },
    rules: { files: [stage.path("rules*.yaml")], for_grace_period: "1s" },
  },
};

/** Asks as users of Prometheus's API do. */
function askingRules(url: string) {
  const asked = asking(url);
  return {
    ...asked,
    rules: async () => {
      const { groups } = Groups.parse(await (await asked.get("/api/v1/rules")).json()).data;
      return groups.flatMap((group) => group.rules);
    },
    alerts: async () =>
      Alerts.parse(await (await asked.get("/api/v1/alerts")).json()).data.alerts.map((one) => ({
        ...one,
        name: one.labels["alertname"] ?? "",
      })),
  };
}

async function push(url: string): Promise<void> {
  const body =
    "temperature,room=attic,sensor=a celsius=31.5\ntemperature,room=cellar,sensor=b celsius=12";
  expect((await fetch(new URL("/write", url), { method: "POST", body })).status).toBe(204);
  const now = `${Date.now()}000000`;
  const values = [1, 2, 3].map((i) => [now, `error ${i}`]);
  const lines = await fetch(new URL("/loki/api/v1/push", url), {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ streams: [{ stream: { app: "shop" }, values }] }),
  });
  expect(lines.status).toBe(204);
}

test("rules over metrics and logs are evaluated, stored and shown, and their alerts go on after a kill", async () => {
  writeFileSync(file, stringify(rules));
  const first = await stage.start(config);
  const before = askingRules(first.url);
  await push(first.url);
  const found = await until("the alerts", async () => {
    const alerts = await before.alerts();
    const firing = new Set(
      alerts.filter(({ state }) => state === "firing").map(({ name }) => name),
    );
    return firing.has("Hot") && firing.has("Errors") && alerts;
  });
  expect(found.find(({ name }) => name === "Hot")).toMatchObject({
    labels: { alertname: "Hot", room: "attic", severity: "page", team: "ops" },
    annotations: { summary: "attic has 31.5 degrees" },
    value: "3.15e+01",
  });
  expect(found.filter(({ name, state }) => name === "Pending" && state === "pending")).toHaveLength(
    2,
  );
  const shown = new Map((await before.rules()).map((rule) => [rule.name, rule]));
  expect(shown.get("Hot")).toMatchObject({ type: "alerting", state: "firing", health: "ok" });
  expect(shown.get("room:temperature:max")).toMatchObject({ type: "recording", health: "ok" });
  expect(shown.get("Broken")).toMatchObject({
    health: "err",
    lastError: expect.stringContaining("many-to-many matching not allowed"),
  });
  // Loki's ruler shows groups with expressions over logs, by file.
  const loki = await (await before.get("/loki/api/v1/rules")).text();
  expect(loki).toStartWith(`${file}:\n  - name: temperatures\n    interval: 500ms\n`);
  const path = `/loki/api/v1/rules/${encodeURIComponent(file)}/temperatures`;
  expect(await (await before.get(path)).text()).toContain("alert: Errors");
  expect((await before.get("/loki/api/v1/rules/none")).status).toBe(404);
  const logAlerts = await (await before.get("/prometheus/api/v1/alerts")).json();
  expect(Alerts.parse(logAlerts).data.alerts.length).toBe(found.length);
  // What rules make is read like any other series, and is in the loss account.
  expect(await before.promql('room:temperature:max{room="cellar", team="ops"}')).toMatchObject([
    { value: 12 },
  ]);
  expect(await before.promql('count(ALERTS{alertstate="firing"})')).toMatchObject([{ value: 2 }]);
  const own = async () => {
    const { lanes } = await before.rpc.getLossAccount({});
    return lanes.find(({ agent, signal }) => agent === "aggregator" && signal === "metrics");
  };
  const taken = (await own())?.collected ?? 0n;
  await until("the commit", async () => ((await own())?.stored ?? 0n) > taken);
  await first.end("SIGKILL");

  const restartedMs = Date.now();
  const second = await stage.start(config);
  const after = askingRules(second.url);
  await push(second.url);
  const activeAt = (alerts: typeof found, name: string) =>
    Math.floor(Date.parse(alerts.find((one) => one.name === name)?.activeAt ?? "") / 1_000);
  await until("the alerts of before", async () => {
    const alerts = await after.alerts();
    return activeAt(alerts, "Hot") === activeAt(found, "Hot");
  });
  // One that was still pending goes on with what was left; the outage does not count.
  const pending = activeAt(await after.alerts(), "Pending") - activeAt(found, "Pending");
  expect(pending).toBeGreaterThanOrEqual(0);
  expect(pending).toBeLessThan(30);
  await until("series of the restarted process", async () => {
    const [one] = await after.promql('timestamp(ALERTS{alertname="Hot", alertstate="firing"})');
    return (one?.value ?? 0) * 1_000 > restartedMs;
  });
  await backtests(second.url);
  await reloads(after);
}, 60_000);

/** The same rules over what is stored: what fired here would have fired. */
async function backtests(url: string): Promise<void> {
  const program = join(import.meta.dir, "../../lapwing.ts");
  const given = ["--url", url, "--since", "5m", "--rule", "Hot", "Errors", "--json"];
  const child = Bun.spawn([process.execPath, program, "rules", "backtest", file, ...given], {
    stdout: "pipe",
    stderr: "pipe",
  });
  const said = await new Response(child.stdout).json();
  expect(await child.exited).toBe(0);
  const Backtested = z.array(
    z.object({
      name: z.string(),
      episodes: z.array(z.object({ fired_at: z.string().nullable() })),
    }),
  );
  const fired = Backtested.parse(said).map(({ name, episodes }) => [
    name,
    episodes.some(({ fired_at }) => fired_at !== null),
  ]);
  expect(fired).toEqual([
    ["Hot", true],
    ["Errors", true],
  ]);
}

/** A file with a mistake changes nothing and says where it is; a rule that is gone ends its series. */
async function reloads(asked: ReturnType<typeof askingRules>): Promise<void> {
  const names = (await asked.rules()).map(({ name }) => name);
  writeFileSync(file, stringify(rules).replace("max by (room)", "max by (room"));
  const refused = await asked.get("/-/reload", { method: "POST" });
  expect([refused.ok, await refused.text()]).toEqual([
    false,
    expect.stringMatching(/rules\.yaml:\d+: group "temperatures", rule 1/),
  ]);
  expect((await asked.rules()).map(({ name }) => name)).toEqual(names);
  expect(await asked.own("lapwing_rules_last_reload_successful")).toBe(0);
  const [group] = rules.groups;
  const left = group?.rules.filter((rule) => rule.alert !== "Hot");
  writeFileSync(file, stringify({ groups: [{ ...group, rules: left }] }));
  expect((await asked.get("/-/reload", { method: "POST" })).status).toBe(200);
  expect(await asked.own("lapwing_rules_last_reload_successful")).toBe(1);
  await until("the end of the series", async () => {
    const alerts = await asked.promql("ALERTS");
    const active = new Set(alerts.map(({ metric }) => metric["alertname"]));
    return !active.has("Hot") && active.has("Errors");
  });
}
