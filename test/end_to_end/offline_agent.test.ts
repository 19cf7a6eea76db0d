import { afterAll, expect, test } from "bun:test";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { stringify } from "yaml";
import { z } from "zod";
import { AgentStatus } from "#agent/local/status.ts";
import { until } from "#test/support/asking.ts";
import { lapwing } from "#test/support/command_line.ts";
import { natsServerPath, startNats } from "#test/support/nats.ts";
import { Stage } from "#test/support/stage.ts";

const stage = new Stage();
afterAll(() => stage.stop());

const Message = z.object({
  version: z.literal("4"),
  alerts: z.array(
    z.object({
      status: z.string(),
      labels: z.record(z.string(), z.string()),
      annotations: z.record(z.string(), z.string()),
    }),
  ),
});
/** Status and name of each alert of a message. */
const alertsIn = (text: string) =>
  Message.parse(JSON.parse(text)).alerts.map(
    ({ status, labels, annotations }) =>
      `${labels["alertname"]} ${status}: ${annotations["summary"]}`,
  );

test.skipIf(natsServerPath === undefined)(
  "an agent that is cut off tells how it is, shows its page, and tells a webhook and a script of its alerts",
  async () => {
    const nats = await startNats();
    stage.after(() => nats.stop());
    const told: string[] = [];
    const receiver = Bun.serve({
      port: 0,
      hostname: "127.0.0.1",
      async fetch(request) {
        told.push(...alertsIn(await request.text()));
        return new Response();
      },
    });
    stage.after(() => receiver.stop(true));
    const shared = {
      nats: { servers: [nats.url], reconnect_wait: "100ms", reconnect_wait_max: "200ms" },
    };
    await stage.start({
      role: "aggregator",
      name: "aggregator",
      config: { ...shared, data_dir: stage.path("aggregator") },
    });
    const data_dir = stage.path("agent");
    const alert = {
      alert: "HasMemory",
      expr: 'node_memory_MemTotal_bytes{instance="here"} > 0',
      annotations: { summary: "{{ $labels.instance }} of {{ $labels.agent }}" },
    };
    const config = {
      ...shared,
      data_dir,
      agent: { name: "here" },
      sources: [{ type: "host_metrics", interval: "1s" }],
    };
    const agent = await stage.start({ role: "agent", name: "agent", config });
    const rules = {
      offline_after: "1s",
      interval: "1s",
      rules: [alert],
      webhooks: [{ url: new URL("/s3cret", receiver.url).href }],
      scripts: [{ command: ["/bin/sh", "-c", `cat >> ${stage.path("told")}`] }],
    };
    const status = async () => {
      const { code, out } = await lapwing(["agent", "status", "--json", "--data-dir", data_dir]);
      return { code, running: AgentStatus.parse(JSON.parse(out)) };
    };

    // In reach: the rule is followed, and nobody is told.
    await until("the aggregator's answer", async () => (await status()).running.aggregator.reached);
    const file = stage.path("agent.yaml");
    writeFileSync(file, readFileSync(file, "utf8") + stringify({ local_rules: rules }));
    expect((await fetch(new URL("/-/reload", agent.url), { method: "POST" })).status).toBe(200);
    const before = await until("the alert", async () => {
      const now = await status();
      return now.running.rules.rules[0]?.state === "firing" ? now : undefined;
    });
    expect(before.running.aggregator.clockOffsetMs).not.toBeNull();
    expect(Math.abs(before.running.aggregator.clockOffsetMs ?? 1e9)).toBeLessThan(5_000);
    expect(before.code).toBe(2);
    expect(before.running.rules.rules[0]?.alerts[0]?.told).toBe(false);
    expect(told).toEqual([]);

    await nats.kill();
    await until(
      "the webhook and the script",
      () => told.length > 0 && existsSync(stage.path("told")),
    );
    expect(told).toEqual(["HasMemory firing: here of here"]);
    await until("the script's end", () => readFileSync(stage.path("told"), "utf8").endsWith("\n"));
    expect(alertsIn(readFileSync(stage.path("told"), "utf8"))).toEqual(told);
    const shown = await lapwing(["agent", "status", "--data-dir", data_dir]);
    expect(shown.code).toBe(2);
    expect(shown.out).toContain("OUT OF REACH");
    expect(shown.out).toContain("HasMemory  firing");
    const page = await (await fetch(new URL("/agent", agent.url))).text();
    expect(page).toContain("Aggregator out of reach");
    expect(page).toContain("<polyline");
    expect(shown.out + page + stage.log("agent")).not.toContain("s3cret");

    await nats.start();
    await until("the aggregator's answer", async () => (await status()).running.aggregator.reached);

    await agent.end("SIGTERM");
    const stopped = await lapwing(["agent", "status", "--data-dir", data_dir]);
    expect(stopped.code).toBe(3);
    expect(stopped.out).toContain("none runs; read from its spool");
    expect(told).toHaveLength(1);
  },
  60_000,
);
