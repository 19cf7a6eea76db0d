import { afterAll, beforeAll, expect, test } from "bun:test";
import { messageOf } from "#shared/errors.ts";
import { severity } from "#shared/model/logs.ts";
import { freePort } from "#test/support/free_port.ts";
import { givenHost } from "#test/support/given_host.ts";
import { expectAssets } from "#test/support/integration_assets.ts";
import { LogsUnderTest } from "#test/support/integration_logs.ts";
import { InstanceUnderTest } from "#test/support/integration_world.ts";
import { type RabbitmqServer, rabbitmqPath, startRabbitmq } from "#test/support/rabbitmq.ts";
import { scrapeUrlOf, scrapedSamples } from "#test/support/scraped_instance.ts";
import { rabbitmq } from "./integration.ts";

const withServer = test.skipIf(rabbitmqPath === undefined);
const secret = "hunter2";

let server: RabbitmqServer | undefined;
let url = "";
let metricsUrl = "";
const guest = { username: "guest", password: "guest" };

beforeAll(async () => {
  if (rabbitmqPath === undefined) return;
  server = await startRabbitmq();
  url = server.managementUrl;
  metricsUrl = server.metricsUrl;
  await server.api("PUT", "queues/%2f/orders", { durable: true });
  const publish = (key: string) =>
    server?.api("POST", "exchanges/%2f/amq.default/publish", {
      properties: {},
      routing_key: key,
      payload: "hello",
      payload_encoding: "string",
    });
  for (const key of ["orders", "orders", "orders", "nowhere"]) await publish(key);
  await server.api("POST", "queues/%2f/orders/get", {
    count: 1,
    ackmode: "ack_requeue_false",
    encoding: "auto",
  });
  await statisticsOf(server);
});

/** Both ways count what happened a moment later. */
async function statisticsOf({ api }: RabbitmqServer): Promise<void> {
  const signal = AbortSignal.timeout(15_000);
  for (;;) {
    const overview = await api("GET", "overview");
    if (/"messages_ready":2\b/.test(overview) && /"get_no_ack":1\b/.test(overview)) return;
    signal.throwIfAborted();
    await Bun.sleep(100);
  }
}

afterAll(() => server?.stop());

withServer(
  "rabbitmq: the management API gives what the plugin gives, under its names",
  async () => {
    const instance = new InstanceUnderTest(rabbitmq, { url, ...guest });
    const { samples, families, degraded } = await instance.tick();
    expect(degraded).toEqual([]);
    expect(samples.get("rabbitmq_queue_messages_ready")).toBe(2);
    expect(samples.get("rabbitmq_channel_messages_published_total")).toBe(4);
    expect(samples.get("rabbitmq_channel_messages_unroutable_returned_total")).toBe(1);
    const text = await (await fetch(`${metricsUrl}/metrics`)).text();
    const typeOf = new Map(
      [...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name, type]) => [name, type]),
    );
    const plugin = await scrapedSamples(`${metricsUrl}/metrics`);
    // The plugin forgets what closed channels did, the API does not.
    const moving = /^rabbitmq_(channel_|process|erlang|disk_space|io|build_info|identity_info)/;
    for (const [key, value] of samples) {
      const name = key.replace(/\{.*/, "");
      const type = families.get(name)?.type;
      expect(`${name} ${type === "unknown" ? "untyped" : type}`).toBe(
        `${name} ${typeOf.get(name)}`,
      );
      if (!moving.test(name)) expect(`${key} ${plugin.get(key)}`).toBe(`${key} ${value}`);
    }
    expectAssets(import.meta.dir, samples.keys());
    expectAssets(import.meta.dir, plugin.keys());
  },
);

withServer("rabbitmq: with per_object both ways tell the same of each queue", async () => {
  const options = { url, ...guest, per_object: true };
  const { samples } = await new InstanceUnderTest(rabbitmq, options).tick();
  expect(samples.get('rabbitmq_queue_messages_ready{vhost="/",queue="orders"}')).toBe(2);
  expect(samples.has("rabbitmq_queue_messages_ready")).toBe(false);
  const scraped = scrapeUrlOf("rabbitmq", { metrics_url: metricsUrl, per_object: true }) ?? "";
  const plugin = await scrapedSamples(scraped);
  const moving = /memory|reductions|utilisation/;
  const ofQueues = [...samples].filter(([key]) => key.includes('queue="orders"'));
  expect(ofQueues.length).toBeGreaterThan(6);
  for (const [key, value] of ofQueues) {
    const sorted = key.replace('vhost="/",queue="orders"', 'queue="orders",vhost="/"');
    expect([key, plugin.has(sorted)]).toEqual([key, true]);
    if (!moving.test(key)) expect(`${key} ${plugin.get(sorted)}`).toBe(`${key} ${value}`);
  }
});

withServer("rabbitmq: a wrong password says so, and not which", async () => {
  const wrong = new InstanceUnderTest(rabbitmq, { url, username: "guest", password: secret });
  expect(await wrong.tick().then(() => "answered", messageOf)).toBe(
    "GET /api/overview: server returned HTTP status 401 Unauthorized",
  );
});

withServer("rabbitmq: found by process, watched where the plugin answers", async () => {
  const args = ["beam.smp", "-s", "rabbit", "boot"];
  const processes = [{ name: "beam.smp", args }];
  const port = Number(new URL(metricsUrl).port);
  const [on] = await rabbitmq.detect(givenHost({ processes, ports: { 5672: 0, [port]: 0 } }));
  expect(on).toMatchObject({ confidence: 1, options: { metrics_url: metricsUrl }, needs: [] });
  const [off] = await rabbitmq.detect(givenHost({ processes, ports: { 5672: 0, 15672: 0 } }));
  expect(off?.needs[0]?.why).toContain("rabbitmq-plugins enable rabbitmq_prometheus");
  expect(await rabbitmq.detect(givenHost({ processes: [{ name: "beam.smp" }] }))).toEqual([]);
});

test("rabbitmq: an entry becomes a scrape, or not where the management API is named", () => {
  expect(scrapeUrlOf("rabbitmq", {})).toBe("http://127.0.0.1:15692/metrics");
  expect(scrapeUrlOf("rabbitmq", { per_object: true })).toEndWith("/metrics/per-object");
  expect(scrapeUrlOf("rabbitmq", { url: "http://127.0.0.1:15672" })).toBeUndefined();
  const detailed = "http://h:1/metrics/detailed?family=a&family=b";
  expect(rabbitmq.scrape?.(rabbitmq.config.parse({ metrics_url: detailed }))).toMatchObject({
    metrics_path: "/metrics/detailed",
    params: { family: ["a", "b"] },
  });
  const both = { url: "http://h:1", metrics_url: "http://h:2" };
  expect(() => rabbitmq.config.parse(both)).toThrow("give either metrics_url or url");
});

test("rabbitmq: what is not a management API, or leaves queues out, is told", async () => {
  const other = Bun.serve({ port: 0, fetch: () => Response.json({ error: "no" }) });
  const many = Bun.serve({
    port: 0,
    fetch({ url: asked }) {
      if (asked.includes("/api/overview")) return Response.json({ node: "a@b" });
      if (asked.includes("/api/nodes/a%40b")) return Response.json({ fd_used: 7, mem_alarm: true });
      return Response.json({ total_count: 9, items: [{ vhost: "/", name: "q", messages: 3 }] });
    },
  });
  const bad = new InstanceUnderTest(rabbitmq, { url: other.url.href });
  expect(await bad.tick().then(() => "answered", messageOf)).toContain("names no node");
  const options = { url: many.url.href, per_object: true, queues_max: 1 };
  const { samples, degraded } = await new InstanceUnderTest(rabbitmq, options).tick();
  expect(degraded).toEqual(["queues: 8 more than queues_max are left out"]);
  expect(samples.get("rabbitmq_alarms_memory_used_watermark")).toBe(1);
  expect(samples.get('rabbitmq_queue_messages{vhost="/",queue="q"}')).toBe(3);
  const gone = new InstanceUnderTest(rabbitmq, { url: `http://127.0.0.1:${await freePort()}` });
  expect(await gone.tick().then(() => "answered", messageOf)).toContain("GET /api/overview: ");
  await other.stop(true);
  await many.stop(true);
});

test("rabbitmq: records of its log have their time, severity and further lines", () => {
  const text = `2026-11-21 21:45:02.860123+00:00 [error] <0.213.0> Error on AMQP connection:
2026-11-21 21:45:02.860123+00:00 [error] <0.213.0> refused
  with a second line
2026-11-21 21:45:03.000001+00:00 [notice] <0.44.0> Logging: switching
`;
  const records = new LogsUnderTest(rabbitmq, {}).read("server", text);
  expect(records.map(({ severity: level, time }) => [level, time])).toEqual([
    [severity.error, "2026-11-21T21:45:02.860Z"],
    [severity.error, "2026-11-21T21:45:02.860Z"],
    [severity.info, "2026-11-21T21:45:03.000Z"],
  ]);
  expect(records[1]?.body).toEndWith("refused\n  with a second line");
  expect(records[0]?.attributes).toMatchObject({ erlang_process: "0.213.0" });
});
