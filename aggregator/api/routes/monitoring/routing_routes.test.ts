import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stringify } from "yaml";
import { z } from "zod";
import { systemClock } from "#shared/runtime/clock.ts";
import { silentLogger } from "#shared/runtime/log.ts";
import { createSelfMetrics } from "#shared/runtime/self_metrics.ts";
import { Catalog } from "../../../catalog/catalog.ts";
import { AlertmanagerKeys } from "../../../notify/config.ts";
import { openAlertmanager } from "../../../notify/open_alertmanager.ts";
import { routingRoutes } from "./routing_routes.ts";
import { ReceiversAnswer, RoutingAnswer, TestSendAnswer } from "./routing_schemas.ts";

const received: unknown[] = [];
const service = Bun.serve({
  port: 0,
  hostname: "127.0.0.1",
  fetch: async (request) => {
    if (request.url.endsWith("/broken")) return new Response("no such hook", { status: 404 });
    received.push(await request.json());
    return new Response("taken");
  },
});
const folder = mkdtempSync(join(tmpdir(), "lapwing-routing-"));
const catalog = await Catalog.open(`sqlite://${join(folder, "catalog.db")}`);
const file = join(folder, "alertmanager.yml");
writeFileSync(
  file,
  stringify({
    route: {
      receiver: "root",
      group_by: ["alertname"],
      group_wait: "10s",
      routes: [
        { receiver: "team", matchers: ["team=~a|b"], mute_time_intervals: ["always"] },
        { receiver: "root", matchers: ["severity=info"], group_by: ["..."] },
      ],
    },
    time_intervals: [{ name: "always", time_intervals: [{ months: ["1:12"] }] }],
    receivers: [
      { name: "root" },
      {
        name: "team",
        webhook_configs: [
          { url: `${service.url.href}hook?token=s3cret` },
          { url: `${service.url.href}broken`, send_resolved: false },
        ],
      },
    ],
  }),
);
let nowMs = Date.now();
const clock = { ...systemClock, now: () => nowMs };
const alertmanager = await openAlertmanager(
  {
    alertmanager: AlertmanagerKeys.parse({ config_file: file }),
    rules: { external_url: "http://lapwing" },
    tenant: "default",
  },
  { clock, log: silentLogger, metrics: createSelfMetrics(), catalog },
);
const app = routingRoutes({ alertmanager, clock });
afterAll(async () => {
  await alertmanager.stop();
  await catalog.close();
  await service.stop(true);
  rmSync(folder, { recursive: true });
});

async function ask(path: string, body?: object) {
  const response = await app.request(
    `/api/v1/monitoring/${path}`,
    body === undefined ? {} : { method: "POST", body: JSON.stringify(body) },
  );
  return { status: response.status, json: (await response.json()) as unknown };
}

test("a test goes through the channel, is in the history, and is rate limited", async () => {
  const webhook = { receiver: "team", integration: "webhook[0]" };
  const sent = TestSendAnswer.parse((await ask("receivers/test", webhook)).json);
  expect(sent).toMatchObject({ state: "sent", failure: "" });
  expect(received).toMatchObject([
    {
      receiver: "team",
      status: "firing",
      externalURL: "http://lapwing",
      alerts: [
        {
          labels: { alertname: "Test" },
          annotations: { summary: expect.stringContaining("Nothing is wrong") },
        },
      ],
    },
  ]);
  const again = await ask("receivers/test", webhook);
  expect(again.status).toBe(429);
  expect(JSON.stringify(again.json)).toContain("team/webhook[0] was tested 0 s ago");
  const failed = await ask("receivers/test", { ...webhook, integration: "webhook[1]" });
  expect(failed.json).toMatchObject({ state: "failed", failure: "clientError" });
  nowMs += 11_000;
  const labels = { alertname: "Mine", team: "a" };
  expect((await ask("receivers/test", { ...webhook, labels })).status).toBe(200);
  expect(received[1]).toMatchObject({ groupLabels: labels });
  const history = await alertmanager.state.history(10);
  expect(history.map(({ reason, state, attempts }) => [reason, state, attempts])).toEqual([
    ["test", "sent", 1],
    ["test", "failed", 1],
    ["test", "sent", 1],
  ]);
});

test("receivers come with their integrations, counts and last outcome, and without secrets", async () => {
  const { json } = await ask("receivers");
  const { receivers, fault } = ReceiversAnswer.parse(json);
  expect(fault).toBe("");
  expect(receivers).toMatchObject([
    { name: "root", integrations: [] },
    {
      name: "team",
      integrations: [
        { name: "webhook[0]", sendsResolved: true, sent: 2, failed: 0, last: { state: "sent" } },
        {
          name: "webhook[1]",
          sendsResolved: false,
          sent: 0,
          failed: 1,
          last: { state: "failed", failure: "clientError", reason: "test" },
        },
      ],
    },
  ]);
  expect(JSON.stringify(json)).not.toContain("s3cret");
});

test.each([
  [{ receiver: "none", integration: "webhook[0]" }, 404, "no receiver"],
  [{ receiver: "team", integration: "slack[0]" }, 404, "has no integration"],
  [{ receiver: "team" }, 400, "integration"],
])("a test of %j is refused", async (body, status, word) => {
  const answer = await ask("receivers/test", body);
  expect(answer.status).toBe(status);
  expect(z.object({ error: z.string() }).parse(answer.json).error).toContain(word);
});

test("the routes say where labels go, how they are grouped, and what mutes them now", async () => {
  const asked = await ask("routing", { labels: { alertname: "Down", team: "b" } });
  expect(RoutingAnswer.parse(asked.json).receivers).toEqual(["team"]);
  expect(asked.json).toMatchObject({
    route: {
      outcome: "passes",
      groupBy: ["alertname"],
      groupWait: "10s",
      repeatInterval: "4h",
      mutedBy: [],
      routes: [
        {
          matchers: ['team=~"a|b"'],
          outcome: "takes",
          groupLabels: { alertname: "Down" },
          mutedBy: ["always"],
        },
        { groupBy: ["..."], outcome: "unreached", groupLabels: null },
      ],
    },
  });
  const bare = await ask("routing", {});
  expect(bare.json).toMatchObject({ receivers: [], route: { outcome: null } });
});
