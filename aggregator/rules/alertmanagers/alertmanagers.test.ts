import { afterEach, expect, test } from "bun:test";
import { systemClock } from "#shared/runtime/clock.ts";
import { silentLogger } from "#shared/runtime/log.ts";
import { createSelfMetrics } from "#shared/runtime/self_metrics.ts";
import { until } from "#test/support/asking.ts";
import type { SentAlert } from "../sent_alerts.ts";
import { Alertmanagers } from "./alertmanagers.ts";
import { AlertingConfig } from "./config.ts";

const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close();
});

/** An HTTP server that keeps what is posted to it, and answers when it is let. */
function receiver(answer: () => Promise<Response> | Response = () => new Response("{}")) {
  const requests: { path: string; authorization: string | null; alerts: unknown[] }[] = [];
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch: async (request) => {
      const alerts: unknown = await request.json();
      requests.push({
        path: new URL(request.url).pathname,
        authorization: request.headers.get("authorization"),
        alerts: Array.isArray(alerts) ? alerts : [],
      });
      return answer();
    },
  });
  closing.push(() => server.stop(true));
  return { requests, address: `127.0.0.1:${server.port}` };
}

function opened(config: object) {
  const metrics = createSelfMetrics();
  const own: SentAlert[] = [];
  const logged: string[] = [];
  const alertmanagers = new Alertmanagers(AlertingConfig.parse(config), {
    clock: systemClock,
    log: { ...silentLogger, warn: (_, fields) => logged.push(JSON.stringify(fields)) },
    metrics,
    fetch,
    sendOwn: (alerts) => own.push(...alerts),
  });
  closing.push(() => alertmanagers.stop());
  const count = async (name: string, address: string, labels = "") => {
    const series = `${name}{alertmanager="http://${address}/api/v2/alerts"${labels}} `;
    const line = (await metrics.text()).split("\n").find((one) => one.startsWith(series));
    return line === undefined ? 0 : Number(line.slice(series.length));
  };
  return {
    alertmanagers,
    own,
    logged,
    count,
    configure: (next: object) => alertmanagers.configure(AlertingConfig.parse(next)),
  };
}

const alertOf = (i: number): SentAlert => ({
  labels: { alertname: `A${i}`, replica: "1" },
  annotations: { summary: "s" },
  startsAtMs: 1_000,
  endsAtMs: 241_000,
  generatorUrl: "http://lapwing/graph",
});
const alerts = (n: number) => Array.from({ length: n }, (_, i) => alertOf(i));
const at = (address: string, more: object = {}) => ({
  alertmanagers: [{ static_configs: [{ targets: [address] }], ...more }],
});

test("alerts are posted in batches of 256 in Alertmanager's form, with credentials", async () => {
  const { requests, address } = receiver();
  const basic_auth = { username: "u", password: "p4ss" };
  const { alertmanagers, own, count } = opened(at(address, { basic_auth }));
  alertmanagers.send(alerts(600));
  await until("all", () => requests.flatMap((one) => one.alerts).length === 600);
  expect(requests.map((one) => one.alerts.length)).toEqual([256, 256, 88]);
  expect(requests[0]).toMatchObject({ path: "/api/v2/alerts", authorization: "Basic dTpwNHNz" });
  expect(requests[0]?.alerts[0]).toEqual({
    labels: { alertname: "A0", replica: "1" },
    annotations: { summary: "s" },
    startsAt: "1970-01-01T00:00:01.000Z",
    endsAt: "1970-01-01T00:04:01.000Z",
    generatorURL: "http://lapwing/graph",
  });
  expect(own.length).toBe(600);
  await until(
    "the count",
    async () => (await count("lapwing_notifications_sent_total", address)) === 600,
  );
});

test("relabelling changes labels for all, and drops alerts for one", async () => {
  const [a, b] = [receiver(), receiver()];
  const { alertmanagers, own, count } = opened({
    own_alertmanager: false,
    alert_relabel_configs: [{ action: "labeldrop", regex: "replica" }],
    alertmanagers: [
      { static_configs: [{ targets: [a.address] }] },
      {
        static_configs: [{ targets: [b.address] }],
        alert_relabel_configs: [{ source_labels: ["alertname"], regex: "A0", action: "drop" }],
      },
    ],
  });
  alertmanagers.send(alerts(2));
  await until("both", () => a.requests.length === 1 && b.requests.length === 1);
  expect(a.requests[0]?.alerts).toMatchObject([
    { labels: { alertname: "A0" } },
    { labels: { alertname: "A1" } },
  ]);
  expect(b.requests[0]?.alerts).toMatchObject([{ labels: { alertname: "A1" } }]);
  expect(JSON.stringify(a.requests)).not.toContain("replica");
  expect(own).toEqual([]);
  expect(await count("lapwing_notifications_dropped_total", b.address, ',reason="relabel"')).toBe(
    1,
  );
});

test("an Alertmanager that hangs holds up no other; the oldest beyond the bound are dropped", async () => {
  const stuck = Promise.withResolvers<void>();
  const [slow, quick] = [receiver(() => stuck.promise.then(() => new Response("{}"))), receiver()];
  const { alertmanagers, count } = opened({
    queue_max: 10,
    alertmanagers: [{ static_configs: [{ targets: [slow.address, quick.address] }] }],
  });
  alertmanagers.send(alerts(1));
  await until("the first", () => slow.requests.length === 1 && quick.requests.length === 1);
  alertmanagers.send(alerts(25).slice(10));
  await until("the others", () => quick.requests.length === 2);
  expect(await count("lapwing_notifications_queue_length", slow.address)).toBe(10);
  expect(
    await count("lapwing_notifications_dropped_total", slow.address, ',reason="queue_full"'),
  ).toBe(5);
  stuck.resolve();
  await until("the newest", () => slow.requests.length === 2);
  expect(slow.requests[1]?.alerts[0]).toMatchObject({ labels: { alertname: "A15" } });
});

test("what is refused is dropped and counted, without its secrets in the log", async () => {
  const { address, requests } = receiver(() => new Response("no p4ssw0rd", { status: 503 }));
  const { alertmanagers, count, logged } = opened(at(address, { bearer_token: "p4ssw0rd" }));
  alertmanagers.send(alerts(3));
  await until(
    "the failure",
    async () => (await count("lapwing_notifications_errors_total", address)) === 3,
  );
  expect(await count("lapwing_notifications_dropped_total", address, ',reason="failed"')).toBe(3);
  expect(requests.length).toBe(1);
  expect(logged).toEqual([expect.stringContaining("unexpected status code 503: no <secret>")]);
});

test("a reload keeps what waits for an Alertmanager that stays, and sends what waits for one that goes", async () => {
  const gate = Promise.withResolvers<void>();
  const [stays, goes] = [receiver(() => gate.promise.then(() => new Response("{}"))), receiver()];
  const { alertmanagers, configure } = opened({
    alertmanagers: [{ static_configs: [{ targets: [stays.address, goes.address] }] }],
  });
  alertmanagers.send(alerts(1));
  await until("the first", () => stays.requests.length === 1);
  alertmanagers.send(alerts(2));
  configure(at(stays.address));
  expect(alertmanagers.view.active).toEqual([`http://${stays.address}/api/v2/alerts`]);
  gate.resolve();
  await until("all", () => stays.requests.length === 2 && goes.requests.length === 2);
});
