import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import { systemClock } from "#shared/runtime/clock.ts";
import { silentLogger } from "#shared/runtime/log.ts";
import { createSelfMetrics } from "#shared/runtime/self_metrics.ts";
import { Catalog } from "../../../catalog/catalog.ts";
import { Alertmanager } from "../../../notify/alertmanager.ts";
import { AlertmanagerKeys } from "../../../notify/config.ts";
import { alertmanagerRoutes } from "./routes.ts";

const folder = mkdtempSync(join(tmpdir(), "lapwing-alertmanager-api-"));
const catalog = await Catalog.open(`sqlite://${join(folder, "catalog.db")}`);
const file = join(folder, "alertmanager.yml");
writeFileSync(
  file,
  `global: {smtp_auth_password: p4ss}
route:
  receiver: root
  group_by: [alertname]
  routes:
  - {matchers: [team=a], receiver: team-a, continue: true}
  - {matchers: [team=~"a|b"], receiver: team-ab}
receivers:
- {name: root}
- {name: team-a, labels: {owner: a}}
- {name: team-ab}
inhibit_rules:
- {source_matchers: [severity=critical], target_matchers: [severity=warning], equal: [cluster]}
`,
);
const metrics = createSelfMetrics();
const alertmanager = await Alertmanager.open(
  {
    alertmanager: AlertmanagerKeys.parse({ config_file: file, silences_max: 6 }),
    rules: { external_url: "" },
  },
  {
    clock: systemClock,
    log: silentLogger,
    metrics,
    catalog,
    tenant: "default",
    channels: [],
    channelParts: async () => ({
      textsOf: () => ({ text: (text) => text, html: (text) => text }),
      fetch,
      now: Date.now,
    }),
  },
);
alertmanager.start();
const app = alertmanagerRoutes({ alertmanager, now: Date.now });
afterAll(async () => {
  await alertmanager.stop();
  await catalog.close();
  rmSync(folder, { recursive: true });
});

const asked = (path: string, init?: RequestInit) => app.request(`/api/v2${path}`, init);
const posted = (path: string, body: unknown) =>
  asked(path, { method: "POST", body: typeof body === "string" ? body : JSON.stringify(body) });
const names = async (query: string): Promise<string[]> => {
  const Answer = z.array(z.object({ labels: z.record(z.string(), z.string()) }));
  const answer = Answer.parse(await (await asked(`/alerts${query}`)).json());
  return answer.map(({ labels }) => labels["alertname"] ?? "").toSorted();
};
const soon = (ms: number) => new Date(Date.now() + ms).toISOString();

test("POST /alerts takes the valid alerts, answers 400 for the others, and names what is wrong", async () => {
  const answer = await posted("/alerts", [
    { labels: { alertname: "Good", team: "a", empty: "" }, annotations: { summary: "s" } },
    { labels: {} },
    { labels: { alertname: "Late" }, startsAt: soon(60_000), endsAt: soon(0) },
    { labels: "none" },
    { labels: { alertname: "Unset", team: "b" }, startsAt: "0001-01-01T00:00:00.000Z" },
    { labels: { alertname: "Other", severity: "critical", constructor: "x" } },
    { labels: { alertname: "Gone" }, endsAt: soon(-1_000) },
  ]);
  expect(answer.status).toBe(400);
  const text = z.string().parse(await answer.json());
  expect(text).toContain("at least one label pair required");
  expect(text).toContain("start time must be before end time");
  expect(await names("")).toEqual(["Good", "Other", "Unset"]);
  expect((await posted("/alerts", "{")).status).toBe(400);
  expect((await posted("/alerts", {})).status).toBe(400);
});

test("GET /alerts answers in Alertmanager's form and filters", async () => {
  const [good] = z.array(z.unknown()).parse(await (await asked("/alerts?filter=team=a")).json());
  expect(good).toEqual({
    annotations: { summary: "s" },
    endsAt: expect.stringMatching(/^\d{4}-.*\.\d{3}Z$/),
    fingerprint: expect.stringMatching(/^[0-9a-f]{16}$/),
    receivers: [{ name: "team-a" }, { name: "team-ab" }],
    startsAt: expect.stringMatching(/Z$/),
    updatedAt: expect.stringMatching(/Z$/),
    status: { inhibitedBy: [], mutedBy: [], silencedBy: [], state: "active" },
    labels: { alertname: "Good", team: "a" },
  });
  expect(await names('?filter=team!=""')).toEqual(["Good", "Unset"]);
  expect(await names("?filter=alertname=~O.*")).toEqual(["Other"]);
  expect(await names("?receiver=team-a")).toEqual(["Good"]);
  expect(await names("?receiver=team-.*&filter=team=b")).toEqual(["Unset"]);
  expect(await names("?receiver_matchers=owner=a")).toEqual(["Good"]);
  expect(await names("?active=false")).toEqual([]);
  for (const bad of ["?filter=x", "?receiver=(", "?receiver_matchers={"]) {
    const answer = await asked(`/alerts${bad}`);
    expect([answer.status, typeof (await answer.json())]).toEqual([400, "string"]);
  }
});

test("GET /alerts/groups groups by route and labels, and says what hides an alert", async () => {
  await posted("/alerts", [{ labels: { alertname: "Hidden", severity: "warning" } }]);
  const Groups = z.array(
    z.object({
      labels: z.unknown(),
      receiver: z.object({ name: z.string() }),
      routeLabels: z.unknown(),
      alerts: z.array(z.object({ status: z.object({ state: z.string() }) })),
    }),
  );
  const groups = Groups.parse(await (await asked("/alerts/groups")).json());
  expect(
    groups.map(({ labels, receiver, alerts }) => [
      labels,
      receiver.name,
      alerts.map(({ status }) => status.state),
    ]),
  ).toEqual([
    [{ alertname: "Good" }, "team-a", ["active"]],
    [{ alertname: "Good" }, "team-ab", ["active"]],
    [{ alertname: "Hidden" }, "root", ["suppressed"]],
    [{ alertname: "Other" }, "root", ["active"]],
    [{ alertname: "Unset" }, "team-ab", ["active"]],
  ]);
  expect(await names("?inhibited=false")).not.toContain("Hidden");
  expect(await names("?active=false")).toEqual(["Hidden"]);
});

test("silences are made, changed, listed in order, found and expired as Alertmanager does", async () => {
  const silence = (more: object = {}) => ({
    matchers: [{ name: "team", value: "b", isRegex: false }],
    startsAt: soon(0),
    endsAt: soon(3_600_000),
    createdBy: "me",
    comment: "c",
    ...more,
  });
  const idOf = async (body: unknown): Promise<string> => {
    const answer = await posted("/silences", body);
    expect(answer.status).toBe(200);
    return z.object({ silenceID: z.string() }).parse(await answer.json()).silenceID;
  };
  const id = await idOf(silence());
  expect(await names("?silenced=false")).not.toContain("Unset");
  // A later end changes it, other matchers replace it.
  const kept: unknown = await (await asked(`/silence/${id}`)).json();
  const { startsAt } = z.object({ startsAt: z.string() }).parse(kept);
  expect(await idOf(silence({ id, startsAt, endsAt: soon(7_200_000) }))).toBe(id);
  const matchers = [{ name: "team", value: "c|d", isRegex: true, isEqual: false }];
  const other = await idOf(silence({ id, startsAt, matchers }));
  expect(other).not.toBe(id);
  const pending = await idOf(silence({ startsAt: soon(600_000) }));
  const States = z.array(z.object({ id: z.string(), status: z.object({ state: z.string() }) }));
  const listed = async (query: string) =>
    States.parse(await (await asked(`/silences${query}`)).json()).map(
      (one) => `${one.id} ${one.status.state}`,
    );
  expect(await listed("")).toEqual([`${other} active`, `${pending} pending`, `${id} expired`]);
  expect(await listed("?expired=false&pending=false")).toEqual([`${other} active`]);
  expect(await listed('?filter=team!~"c|d"')).toEqual([`${other} active`]);
  for (const [bad, words] of [
    [silence({ matchers: [] }), "at least one matcher"],
    [silence({ matchers: [{ name: "a", value: "", isRegex: false }] }), "empty string"],
    [silence({ matchers: [{ name: "a", value: "(", isRegex: true }] }), "regular expression"],
    [silence({ endsAt: soon(-10) }), "before end time"],
    [silence({ startsAt: soon(-20), endsAt: soon(-10) }), "in the past"],
    [silence({ createdBy: undefined }), "createdBy"],
  ] as const) {
    const answer = await posted("/silences", bad);
    expect([answer.status, await answer.json()]).toEqual([400, expect.stringContaining(words)]);
  }
  expect((await posted("/silences", silence({ id: crypto.randomUUID() }))).status).toBe(404);
  const gone = await asked(`/silence/${other}`, { method: "DELETE" });
  expect([gone.status, await gone.text()]).toEqual([200, ""]);
  expect(await listed("?expired=false")).toEqual([`${pending} pending`]);
  expect((await asked(`/silence/${crypto.randomUUID()}`)).status).toBe(404);
  expect((await asked(`/silence/none`, { method: "DELETE" })).status).toBe(404);
  for (let n = 0; n < 3; n++) await idOf(silence());
  const tooMany = await posted("/silences", silence());
  expect([tooMany.status, await tooMany.json()]).toEqual([
    400,
    expect.stringContaining("exceeded maximum number of silences: 6 (limit: 6)"),
  ]);
});

test("GET /status shows the configuration without secrets, also below /alertmanager", async () => {
  const answer = await app.request("/alertmanager/api/v2/status");
  const { config } = z
    .object({ config: z.object({ original: z.string() }) })
    .parse(await answer.json());
  expect(config.original).toContain("smtp_auth_password: <secret>");
  expect(config.original).not.toContain("p4ss");
  const receivers = await asked("/receivers");
  expect(await receivers.json()).toEqual([
    { name: "root", labels: {} },
    { name: "team-a", labels: { owner: "a" } },
    { name: "team-ab", labels: {} },
  ]);
});

const meter = async () =>
  /^lapwing_alertmanager_config_last_reload_successful (\d)/m.exec(await metrics.text())?.[1];

test("a reload with mistakes leaves the configuration as it was, and a metric says so", async () => {
  const keys = { rules: { external_url: "" } };
  const settings = { ...keys, alertmanager: AlertmanagerKeys.parse({ config_file: file }) };
  const text = await Bun.file(file).text();
  writeFileSync(file, text.replace("receiver: root", "receiver: gone"));
  expect(alertmanager.prepare(settings)).rejects.toThrow(
    /alertmanager\.yml:\d+:\d+: route\.receiver/,
  );
  await alertmanager.prepare(settings).catch(() => {});
  expect(await meter()).toBe("0");
  expect(alertmanager.pipeline.config.route.receiver).toBe("root");
  writeFileSync(file, text.replace("receiver: root", "receiver: team-a"));
  (await alertmanager.prepare(settings))();
  expect([await meter(), alertmanager.pipeline.config.route.receiver]).toEqual(["1", "team-a"]);
  expect(await names("?receiver=root")).toEqual([]);
});

test("10,000 alerts at once are stored and grouped within 2 seconds of CPU time", async () => {
  const alerts = Array.from({ length: 10_000 }, (_, i) => ({
    labels: {
      alertname: "Storm",
      instance: `host-${i}`,
      job: "node",
      severity: "page",
      rack: `${i % 40}`,
    },
    annotations: { summary: `host-${i} is down`, runbook: "https://example.org/runbook" },
  }));
  const body = JSON.stringify(alerts);
  let [longestMs, lastMs] = [0, performance.now()];
  const watch = setInterval(() => {
    longestMs = Math.max(longestMs, performance.now() - lastMs);
    lastMs = performance.now();
  }, 1);
  const memoryBefore = process.memoryUsage().rss;
  const startMs = performance.now();
  const before = process.cpuUsage();
  expect((await posted("/alerts", body)).status).toBe(200);
  const { user, system } = process.cpuUsage(before);
  const cpuMs = (user + system) / 1_000;
  const tookMs = performance.now() - startMs;
  expect(await names("?filter=alertname=Storm")).toHaveLength(10_000);
  const memoryMib = (process.memoryUsage().rss - memoryBefore) / 1_048_576;
  clearInterval(watch);
  console.log(
    `10,000 alerts: stored in ${Math.round(tookMs)} ms (CPU ${Math.round(cpuMs)} ms), ${Math.round(memoryMib)} MiB more, longest turn ${Math.round(longestMs)} ms`,
  );
  // Of the CPU: other tests share the machine.
  expect(cpuMs).toBeLessThan(2_000);
  const storms = alertmanager.pipeline.groups.filter(
    ({ labels }) => labels["alertname"] === "Storm",
  );
  expect(storms.map((group) => group.alerts.length)).toEqual([10_000]);
}, 60_000);
