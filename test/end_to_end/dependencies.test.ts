import { afterAll, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { stringify } from "yaml";
import { z } from "zod";
import { asking, until } from "#test/support/asking.ts";
import { Stage } from "#test/support/stage.ts";

// A switch is down, and with it the hosts behind it and their services: people hear of the switch.

const stage = new Stage();
afterAll(() => stage.stop());

const Texts = z.record(z.string(), z.string());
const Notification = z.object({
  alerts: z.array(z.object({ status: z.string(), labels: Texts })),
});
const Alerts = z.array(
  z.object({
    fingerprint: z.string(),
    labels: Texts,
    status: z.object({ state: z.string(), inhibitedBy: z.array(z.string()) }),
  }),
);
const Dependencies = z.object({
  enabled: z.boolean(),
  causes: z.array(z.object({ labels: Texts, inhibits: z.array(z.object({ labels: Texts })) })),
});

/** What a webhook was notified of, as "HostDown switch-1". */
function webhook() {
  const firing: string[] = [];
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch: async (request) => {
      for (const { status, labels } of Notification.parse(await request.json()).alerts)
        if (status === "firing") firing.push(nameOf(labels));
      return new Response("ok");
    },
  });
  stage.after(() => server.stop(true));
  return { firing, url: server.url.href };
}

function nameOf(labels: Readonly<Record<string, string>>): string {
  return `${labels["alertname"]} ${labels["instance"]}`;
}

const files = {
  rules: stage.path("rules.yaml"),
  alertmanager: stage.path("alertmanager.yml"),
  config: stage.path("up.yaml"),
};
const rules = [
  { alert: "HostDown", expr: "host_reachable == 0" },
  { alert: "ServiceDown", expr: "service_up == 0" },
];
const config = (dependencies: object) => ({
  data_dir: stage.path("data"),
  sources: [],
  integrations: { detect: false },
  rules: { files: [files.rules] },
  alertmanager: { config_file: files.alertmanager, dependencies },
});

test("an alert about a switch inhibits those about hosts behind it and their services, until that is switched off", async () => {
  const sink = webhook();
  const group = { name: "g", interval: "500ms", rules };
  writeFileSync(files.rules, stringify({ groups: [group] }));
  const times = { group_wait: "3s", group_interval: "3s", repeat_interval: "1h" };
  const route = { receiver: "hook", group_by: ["..."], ...times };
  const receivers = [{ name: "hook", webhook_configs: [{ url: sink.url }] }];
  writeFileSync(files.alertmanager, stringify({ route, receivers }));
  const dependencies = { behind: [{ name: "switch-1", hosts: ["web-*"] }] };
  const up = await stage.start({ role: "up", name: "up", config: config(dependencies) });
  const asked = asking(up.url);
  const push = async (lines: readonly string[]) =>
    expect((await asked.get("/write", { method: "POST", body: lines.join("\n") })).status).toBe(
      204,
    );
  await push([
    "host,instance=switch-1 reachable=0",
    "host,instance=web-1 reachable=0",
    "service,instance=web-1:6379 up=0",
    "service,instance=db-1:5432 up=0",
  ]);
  const alerts = async () =>
    Alerts.parse(await (await asked.get("/api/v2/alerts")).json()).map(
      ({ labels, status, fingerprint }) => ({ name: nameOf(labels), fingerprint, ...status }),
    );
  const found = await until("the alerts", async () => {
    const all = await alerts();
    return all.length === 4 && all;
  });
  const cause = found.find(({ name }) => name === "HostDown switch-1")?.fingerprint ?? "";
  expect(
    Object.fromEntries(found.map(({ name, state, inhibitedBy }) => [name, [state, inhibitedBy]])),
  ).toEqual({
    "HostDown switch-1": ["active", []],
    "HostDown web-1": ["suppressed", [cause]],
    "ServiceDown web-1:6379": ["suppressed", [cause]],
    "ServiceDown db-1:5432": ["active", []],
  });
  await until("the notifications", () => sink.firing.length >= 2);
  expect(sink.firing.toSorted()).toEqual(["HostDown switch-1", "ServiceDown db-1:5432"]);
  const shown = async () =>
    Dependencies.parse(await (await asked.get("/api/v1/monitoring/dependencies")).json());
  const { causes } = await shown();
  expect(
    causes.map((one) => [
      nameOf(one.labels),
      one.inhibits.map((each) => nameOf(each.labels)).toSorted(),
    ]),
  ).toEqual([["HostDown switch-1", ["HostDown web-1", "ServiceDown web-1:6379"]]]);

  // A circle is refused, with its place; what is in force stays.
  const circle = { behind: [{ name: "a", hosts: ["a*"] }] };
  writeFileSync(files.config, stringify({ listen: "127.0.0.1:0", ...config(circle) }));
  const refused = await asked.get("/-/reload", { method: "POST" });
  expect(refused.ok).toBe(false);
  expect(await refused.text()).toMatch(/alertmanager\.dependencies\.behind.*circle/);
  expect((await shown()).enabled).toBe(true);

  // When the switch is back, the host itself is the cause; and without dependencies all are notified.
  await push(["host,instance=switch-1 reachable=1"]);
  await until("the host's alert", () => sink.firing.includes("HostDown web-1"), 20_000);
  expect(sink.firing).not.toContain("ServiceDown web-1:6379");
  writeFileSync(files.config, stringify({ listen: "127.0.0.1:0", ...config({ enabled: false }) }));
  expect((await asked.get("/-/reload", { method: "POST" })).status).toBe(200);
  await until("the service's alert", () => sink.firing.includes("ServiceDown web-1:6379"), 20_000);
  expect(await shown()).toEqual({ enabled: false, causes: [] });
}, 90_000);
