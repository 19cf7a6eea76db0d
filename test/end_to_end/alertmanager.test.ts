import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import { amtoolProgram } from "#test/support/alertmanager.ts";
import { LapwingProcess } from "#test/support/lapwing_process.ts";

const folder = mkdtempSync(join(tmpdir(), "lapwing-alertmanager-e2e-"));
const configFile = join(folder, "alertmanager.yml");
const Body = z.object({ notification_reason: z.string() });
const received: string[] = [];
const arrived = Promise.withResolvers<void>();
const sink = Bun.serve({
  port: 0,
  hostname: "127.0.0.1",
  fetch: async (request) => {
    const { notification_reason: reason } = Body.parse(await request.json());
    received.push(`${new URL(request.url).pathname} ${reason}`);
    arrived.resolve();
    return new Response("ok");
  },
});
writeFileSync(
  join(folder, "own.tmpl"),
  '{{ define "own" }}{{ .Receiver }}-{{ range .Alerts }}{{ .Annotations.summary }}{{ end }}{{ end }}',
);
const configText = `global: {smtp_auth_password: p4ss}
templates: ["*.tmpl"]
route:
  receiver: everyone
  group_wait: 0s
  group_by: [alertname]
  routes:
  - matchers: [team="db"]
    receiver: db
receivers:
- name: everyone
- name: db
  webhook_configs:
  - url: http://127.0.0.1:${sink.port}/{{ template "own" . }}
`;
writeFileSync(configFile, configText);
const rulesFile = join(folder, "rules.yml");
writeFileSync(
  rulesFile,
  `groups:
- name: g
  interval: 1s
  rules:
  - alert: AlwaysFires
    expr: vector(1)
    labels: {team: db}
    annotations: {summary: "value-{{ $value }}"}
`,
);
const config = {
  data_dir: join(folder, "data"),
  rules: {
    files: [rulesFile],
    external_url: "https://lapwing.example.org",
    external_labels: { region: "eu" },
  },
  alertmanager: { config_file: configFile },
};
let lapwing: LapwingProcess;
const start = () => LapwingProcess.start({ role: "up", name: "lapwing", folder, config });
beforeAll(async () => {
  lapwing = await start();
}, 60_000);
afterAll(async () => {
  await lapwing.end("SIGTERM");
  await sink.stop(true);
  rmSync(folder, { recursive: true });
});

const Alerts = z.array(
  z.object({
    labels: z.record(z.string(), z.string()),
    annotations: z.record(z.string(), z.string()),
    generatorURL: z.string().optional(),
    startsAt: z.string(),
    status: z.object({ state: z.string() }),
    receivers: z.array(z.object({ name: z.string() })),
  }),
);
const alertsNow = async (query = "") =>
  Alerts.parse(await (await fetch(`${lapwing.url}/api/v2/alerts${query}`)).json());

async function alertOf(name: string) {
  for (;;) {
    const [found] = await alertsNow(`?filter=alertname=${name}`);
    if (found !== undefined) return found;
    await Bun.sleep(50);
  }
}

async function amtool(...words: readonly string[]): Promise<string> {
  const child = Bun.spawn([amtoolProgram ?? "", `--alertmanager.url=${lapwing.url}`, ...words], {
    stdout: "pipe",
    stderr: "pipe",
  });
  const [out, error] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
  ]);
  if ((await child.exited) !== 0) throw new Error(`amtool ${words.join(" ")}: ${error}${out}`);
  return out.trim();
}

test("rules send their alerts to Lapwing's Alertmanager, with external labels and a link", async () => {
  const alert = await alertOf("AlwaysFires");
  expect(alert).toMatchObject({
    labels: { alertname: "AlwaysFires", team: "db", region: "eu" },
    annotations: { summary: "value-1" },
    generatorURL: "https://lapwing.example.org/graph?g0.expr=vector%281%29&g0.tab=1",
    receivers: [{ name: "db" }],
    status: { state: "active" },
  });
}, 30_000);

test("a receiver is notified once, by templates of a file", async () => {
  await arrived.promise;
  expect(received).toEqual(["/db-value-1 first notification"]);
}, 30_000);

test.skipIf(amtoolProgram === null)(
  "amtool adds and queries alerts, and keeps silences",
  async () => {
    await amtool("alert", "add", "Added", "team=x", "--annotation=summary=by hand");
    await amtool("alert", "add", "Added", "team=y");
    const fields = Alerts.parse(JSON.parse(await amtool("alert", "query", "Added", "-o", "json")));
    expect(fields.map(({ labels }) => labels["team"] ?? "").toSorted()).toEqual(["x", "y"]);
    expect(await amtool("alert", "query", "team=x", "-o", "simple")).toContain("by hand");
    expect(await amtool("alert", "query", "-r", "db", "-o", "simple")).toContain("AlwaysFires");

    const id = await amtool(
      "silence",
      "add",
      "team=~x|z",
      "--author=me",
      "--comment=c",
      "-d",
      "2h",
    );
    expect(id).toMatch(/^[0-9a-f-]{36}$/);
    expect(await amtool("silence", "query", "-q")).toBe(id);
    expect(await amtool("silence", "query", "team=~x|z", "-o", "extended")).toContain("me");
    expect(await amtool("alert", "query", "Added", "-o", "simple")).not.toContain("by hand");
    expect(await amtool("alert", "query", "Added", "--silenced", "-o", "simple")).toContain(
      "by hand",
    );
    await amtool("silence", "update", id, "-d", "3h", "--comment=longer");
    expect(await amtool("silence", "query", "-q")).toBe(id);
    expect(await amtool("silence", "query", "-o", "extended")).toContain("longer");
    const exported = await amtool("silence", "query", "-o", "json");
    await amtool("silence", "expire", id);
    expect(await amtool("silence", "query", "-q")).toBe("");
    expect(await amtool("silence", "query", "-q", "--expired")).toBe(id);
    const file = join(folder, "silences.json");
    writeFileSync(file, exported.replace(/"id":"[^"]*"/g, '"id":""'));
    expect(await amtool("silence", "import", file)).toMatch(/[0-9a-f-]{36}/);
    expect((await amtool("silence", "query", "-q")).split("\n")).toHaveLength(1);
  },
  60_000,
);

test.skipIf(amtoolProgram === null)(
  "amtool shows the configuration and tests routes by it",
  async () => {
    const shown = await amtool("config", "show");
    expect(shown).toContain("receiver: everyone");
    expect(shown).not.toContain("p4ss");
    expect(await amtool("config", "routes", "test", "team=db")).toBe("db");
    expect(await amtool("config", "routes", "test", "team=x")).toBe("everyone");
    expect(await amtool("config", "routes", "show")).toContain('{team="db"}');
    expect(await amtool("check-config", configFile)).toContain("SUCCESS");
    expect(await amtool("cluster", "show")).toContain("disabled");
  },
  60_000,
);

test("a reload applies the file, and one with mistakes names them and changes nothing", async () => {
  const reload = () => fetch(`${lapwing.url}/-/reload`, { method: "POST" });
  writeFileSync(configFile, configText.replace("receiver: db", "receiver: none\n    colour: red"));
  const refused = await reload();
  const text = await refused.text();
  expect(refused.ok).toBe(false);
  expect(text).toContain(
    'alertmanager.yml:9:15: route.routes[0].receiver: there is no receiver "none"',
  );
  expect(text).toContain("alertmanager.yml:10:5: route.routes[0].colour: unknown key");
  const metrics = await (await fetch(`${lapwing.url}/metrics`)).text();
  expect(metrics).toContain("lapwing_alertmanager_config_last_reload_successful 0");
  expect((await alertOf("AlwaysFires")).receivers).toEqual([{ name: "db" }]);
  writeFileSync(configFile, configText.replace("receiver: db", "receiver: everyone"));
  expect((await reload()).ok).toBe(true);
  expect((await alertOf("AlwaysFires")).receivers).toEqual([{ name: "everyone" }]);
}, 60_000);

test("alerts and silences survive SIGKILL", async () => {
  const { startsAt } = await alertOf("AlwaysFires");
  const body = JSON.stringify([{ labels: { alertname: "Kept" } }]);
  const headers = { "content-type": "application/json" };
  await fetch(`${lapwing.url}/api/v2/alerts`, { method: "POST", headers, body });
  const silences = async () =>
    z
      .array(z.object({ id: z.string() }))
      .parse(await (await fetch(`${lapwing.url}/alertmanager/api/v2/silences`)).json());
  const before = await silences();
  await lapwing.end("SIGKILL");
  lapwing = await start();
  expect((await alertOf("Kept")).status.state).toBe("active");
  expect((await alertOf("AlwaysFires")).startsAt).toBe(startsAt);
  expect(await silences()).toEqual(before);
  expect(received).toHaveLength(1);
}, 60_000);
