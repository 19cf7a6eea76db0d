import { afterAll, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { asking, until } from "#test/support/asking.ts";
import { freePort } from "#test/support/free_port.ts";
import { Stage } from "#test/support/stage.ts";

const stage = new Stage();
afterAll(() => stage.stop());

test("the heartbeat pings while alerts reach people, and is withheld while they do not", async () => {
  let pings = 0;
  const outside = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch: () => {
      pings++;
      return new Response("OK");
    },
  });
  stage.after(() => outside.stop(true));
  const sinkPort = await freePort();
  const [rulesFile, alertmanagerFile] = [stage.path("rules.yml"), stage.path("am.yml")];
  writeFileSync(
    rulesFile,
    "groups: [{name: g, interval: 1s, rules: [{alert: Full, expr: disk_used > 90}]}]",
  );
  writeFileSync(
    alertmanagerFile,
    `route: {receiver: sink, group_wait: 0s, group_interval: 1s, repeat_interval: 1s}
receivers: [{name: sink, webhook_configs: [{url: "http://127.0.0.1:${sinkPort}"}]}]`,
  );
  const up = await stage.start({
    role: "up",
    name: "up",
    config: {
      data_dir: stage.path("data"),
      sources: [],
      integrations: { detect: false },
      rules: {
        files: [rulesFile],
        heartbeat: { url: `http://127.0.0.1:${outside.port}/ping`, interval: "300ms" },
      },
      alertmanager: { config_file: alertmanagerFile },
    },
  });
  const asked = asking(up.url);
  const count = (outcome: string) =>
    asked.own(`lapwing_heartbeat_pings_total{outcome="${outcome}"}`);
  await until("pings", () => pings > 2, 30_000);
  const push = { method: "POST", body: "disk,host=a used=95" };
  expect((await asked.get("/write", push)).status).toBe(204);
  await until("withheld pings", async () => (await count("withheld")) > 2, 60_000);
  expect(stage.log("up")).toContain("the last notification failed");
  const before = pings;
  const sink = Bun.serve({
    port: sinkPort,
    hostname: "127.0.0.1",
    fetch: () => new Response("ok"),
  });
  stage.after(() => sink.stop(true));
  await until("pings again", () => pings > before + 2, 60_000);
}, 180_000);
