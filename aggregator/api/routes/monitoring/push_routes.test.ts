import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { silentLogger } from "#shared/runtime/log.ts";
import { systemClock } from "#shared/runtime/clock.ts";
import { createSelfMetrics } from "#shared/runtime/self_metrics.ts";
import { Catalog } from "../../../catalog/catalog.ts";
import { AlertmanagerKeys } from "../../../notify/config.ts";
import { openAlertmanager } from "../../../notify/open_alertmanager.ts";
import { isPushEndpoint } from "../../../notify/push/push_hosts.ts";
import { PublishedCharts } from "../../../notify/charts/published_charts.ts";
import { chartRoutes } from "./chart_routes.ts";
import { pushRoutes } from "./push_routes.ts";
import { PushAnswer, PushMade } from "./push_schemas.ts";

const pushed: string[] = [];
let status = 201;
const service = Bun.serve({
  port: 0,
  hostname: "127.0.0.1",
  fetch: ({ url }) => {
    pushed.push(new URL(url).pathname);
    return new Response(null, { status });
  },
});
const folder = mkdtempSync(join(tmpdir(), "lapwing-push-"));
const file = join(folder, "alertmanager.yml");
writeFileSync(
  file,
  "route: {receiver: team}\nreceivers: [{name: team, webpush_configs: [{}]}, {name: other}]\n",
);
const catalog = await Catalog.open(`sqlite://${join(folder, "catalog.db")}`);
const open = () =>
  openAlertmanager(
    {
      alertmanager: AlertmanagerKeys.parse({
        config_file: file,
        push_hosts: [service.url.origin],
      }),
      rules: { external_url: "http://lapwing" },
      tenant: "default",
    },
    { clock: systemClock, log: silentLogger, metrics: createSelfMetrics(), catalog },
  );
let alertmanager = await open();
let app = pushRoutes({ alertmanager });
afterAll(async () => {
  await alertmanager.stop();
  await catalog.close();
  await service.stop(true);
  rmSync(folder, { recursive: true });
});

const path = "/api/v1/monitoring/push";
const keys = {
  p256dh: "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4",
  auth: "BTBZMqHH6r4Tts7J_aSIgg",
};
const subscriptionTo = (endpoint: string, receiver = "team") => ({
  receiver,
  name: "Ada's phone",
  subscription: { endpoint, expirationTime: null, keys },
});
const post = async (body: object) => {
  const response = await app.request(path, { method: "POST", body: JSON.stringify(body) });
  return { status: response.status, text: await response.text() };
};
const list = async () => PushAnswer.parse(await (await app.request(path)).json());
const sendTest = () =>
  alertmanager.testSends.send({
    receiver: "team",
    integration: "webpush[0]",
    labels: { alertname: "Test" },
    annotations: {},
  });

test("a browser is subscribed, notified, and survives a restart with the same key", async () => {
  const endpoint = `${service.url.origin}/push/s3cret`;
  const made = PushMade.parse(JSON.parse((await post(subscriptionTo(endpoint))).text));
  // The same browser again is no second one.
  expect(PushMade.parse(JSON.parse((await post(subscriptionTo(endpoint))).text))).toEqual(made);
  const before = await list();
  expect(before.devices).toMatchObject([
    { id: made.id, receiver: "team", name: "Ada's phone", service: service.url.host },
  ]);
  expect(await sendTest()).toMatchObject({ kind: "sent", answer: "1 browser" });
  expect(pushed).toEqual(["/push/s3cret"]);
  await alertmanager.stop();
  alertmanager = await open();
  app = pushRoutes({ alertmanager });
  expect(await list()).toEqual(before);
  const shown = await (await app.request(path)).text();
  const { privateKey } = (await alertmanager.web?.push.keys()) ?? { privateKey: "" };
  expect(privateKey).toHaveLength(43);
  for (const hidden of [privateKey, "s3cret", keys.auth]) expect(shown).not.toContain(hidden);
});

test("a subscription that its push service has ended is removed", async () => {
  status = 410;
  expect(await sendTest()).toMatchObject({
    kind: "failed",
    error: "no browser is left; the subscription of Ada's phone has ended and is removed",
  });
  expect((await list()).devices).toEqual([]);
});

test.each([
  [subscriptionTo("https://10.0.0.1/x"), 400, "invalid push service"],
  [subscriptionTo("https://push.apple.com.evil.example/x"), 400, "invalid push service"],
  [subscriptionTo(`${service.url.origin}/x`, "other"), 404, "no receiver"],
  [{ receiver: "team" }, 400, "name"],
])("%j is refused", async (body, expected, word) => {
  const { status: code, text } = await post(body);
  expect(code).toBe(expected);
  expect(text).toContain(word);
});

test("a subscription is removed once", async () => {
  const { text } = await post(subscriptionTo("https://fcm.googleapis.com/fcm/send/abc"));
  const { id } = PushMade.parse(JSON.parse(text));
  const remove = () => app.request(`${path}/${id}`, { method: "DELETE" });
  expect([(await remove()).status, (await remove()).status]).toEqual([200, 404]);
});

test.each([
  ["https://fcm.googleapis.com/fcm/send/x", true],
  ["https://web.push.apple.com/x", true],
  ["https://wns2-par02p.notify.windows.com/w/?token=x", true],
  ["https://updates.push.services.mozilla.com/wpush/v2/x", true],
  ["http://fcm.googleapis.com/x", false],
  ["https://fcm.googleapis.com:8443/x", false],
  ["https://user@fcm.googleapis.com/x", false],
  ["https://fcm.googleapis.com.evil.example/x", false],
  ["https://localhost/x", false],
  ["https://push.example/x", true],
  ["http://push.local:8080/x", true],
  ["https://push.local/x", false],
  ["no URL", false],
])("messages to %s are allowed: %p", (endpoint, isAllowed) => {
  expect(isPushEndpoint(endpoint, ["push.example", "http://push.local:8080"])).toBe(isAllowed);
});

const published = {
  catalog,
  tenant: "default",
  log: silentLogger,
  metrics: createSelfMetrics(),
  externalUrl: () => "http://lapwing",
};
test("a published chart is there for a day, under an address that can't be guessed", async () => {
  let nowMs = 0;
  const charts = await PublishedCharts.open({ ...published, now: () => nowMs });
  const { push } = alertmanager.web ?? {};
  if (push === undefined) throw new Error("no push");
  const routes = chartRoutes({ alertmanager: { web: { push, charts } } });
  const [first = "", second = ""] = [1, 2].map((byte) => charts.publish(Uint8Array.of(byte)));
  expect(first).toMatch(/^http:\/\/lapwing\/api\/v1\/monitoring\/charts\/[\w-]{43}\.png$/);
  expect(second).not.toBe(first);
  const get = (url: string) => routes.request(new URL(url).pathname);
  const answer = await get(first);
  expect([answer.status, answer.headers.get("content-type")]).toEqual([200, "image/png"]);
  expect(await answer.bytes()).toEqual(Uint8Array.of(1));
  expect((await get(`${first.slice(0, -5)}A.png`)).status).toBe(404);
  nowMs += 24 * 3_600_000;
  expect((await get(first)).status).toBe(404);
  await charts.settled();
});
