import { afterAll, expect, test } from "bun:test";
import { z } from "zod";
import { asking, until } from "#test/support/asking.ts";
import { natsServerPath, startNats } from "#test/support/nats.ts";
import { Stage } from "#test/support/stage.ts";

const stage = new Stage();
afterAll(() => stage.stop());

const promtool = Bun.which("promtool");
const OwnLine = z.looseObject({
  level: z.enum(["debug", "info", "warn", "error"]),
  time: z.iso.datetime(),
  msg: z.string().min(1),
});

/** What Prometheus's own checker says of an exposition; empty when it is content. */
async function complaintsOf(url: string): Promise<string> {
  const answer = await asking(url).get("/metrics");
  expect(answer.headers.get("content-type")).toStartWith("text/plain; version=0.0.4");
  const text = await answer.text();
  expect(text).toContain("lapwing_");
  if (promtool === null) return "";
  const child = Bun.spawn([promtool, "check", "metrics"], {
    stdin: new Blob([text]),
    stdout: "pipe",
    stderr: "pipe",
  });
  const said = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
  ]);
  expect(await child.exited).toBe(0);
  return said.join("");
}

function expectJsonLog(name: string): void {
  const lines = stage.log(name).trimEnd().split("\n");
  expect(lines.length).toBeGreaterThan(1);
  for (const line of lines) OwnLine.parse(JSON.parse(line));
}

async function expectHealthy(url: string): Promise<void> {
  const healthy = await asking(url).get("/-/healthy");
  expect({ status: healthy.status, text: await healthy.text() }).toEqual({
    status: 200,
    text: "Lapwing is Healthy.\n",
  });
  await until("ready", async () => (await asking(url).ready()).status === 200);
}

test.skipIf(natsServerPath === undefined)(
  "agent and aggregator tell how they are, with metrics that promtool accepts and JSON logs (needs nats-server)",
  async () => {
    const nats = await startNats();
    stage.after(() => nats.stop());
    const uplink = { servers: [nats.url], reconnect_wait: "100ms" };
    const aggregator = await stage.start({
      role: "aggregator",
      name: "aggregator",
      config: {
        data_dir: stage.path("aggregator"),
        nats: uplink,
        ingest: { flush_interval: "500ms" },
      },
    });
    const agent = await stage.start({
      role: "agent",
      name: "agent",
      config: { data_dir: stage.path("agent"), nats: uplink },
    });
    for (const { url } of [aggregator, agent]) await expectHealthy(url);
    await until("blocks", async () => {
      return (await asking(aggregator.url).own("lapwing_ingest_committed_items_total")) > 0;
    });
    for (const { url } of [aggregator, agent]) expect(await complaintsOf(url)).toBe("");

    // Without NATS both are alive, and say that they can't do their work, and why.
    await nats.kill();
    for (const { url } of [aggregator, agent]) {
      await until("not ready", async () => {
        const { status, text } = await asking(url).ready();
        return status === 503 && text.startsWith("uplink: ");
      });
      expect((await asking(url).get("/-/healthy")).status).toBe(200);
    }
    await nats.start();
    for (const { url } of [aggregator, agent]) await expectHealthy(url);
    for (const process of [agent, aggregator]) expect(await process.end("SIGTERM")).toBe(0);
    for (const name of ["agent", "aggregator"]) expectJsonLog(name);
  },
  40_000,
);

test("up tells how it is, with metrics that promtool accepts and JSON logs", async () => {
  const up = await stage.start({
    role: "up",
    name: "up",
    config: { data_dir: stage.path("up"), ingest: { flush_interval: "500ms" } },
  });
  await expectHealthy(up.url);
  await until("blocks", async () => {
    return (await asking(up.url).own("lapwing_ingest_committed_items_total")) > 0;
  });
  expect(await complaintsOf(up.url)).toBe("");
  expect(await up.end("SIGTERM")).toBe(0);
  expectJsonLog("up");
}, 30_000);

test.skipIf(promtool === null)("promtool was there to check the metrics (needs promtool)", () => {
  expect(promtool).not.toBeNull();
});
