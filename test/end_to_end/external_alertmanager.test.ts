import { afterAll, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { z } from "zod";
import {
  alertmanagerProgram,
  amtoolProgram,
  startAlertmanager,
} from "#test/support/alertmanager.ts";
import { asking, until } from "#test/support/asking.ts";
import { Stage } from "#test/support/stage.ts";

const stage = new Stage();
afterAll(() => stage.stop());
const isInstalled = alertmanagerProgram !== null && amtoolProgram !== null;

const Shown = z.array(z.object({ labels: z.record(z.string(), z.string()) }));

test.skipIf(!isInstalled)(
  "alerts of rules reach an Alertmanager of others, firing and resolved",
  async () => {
    const other = await startAlertmanager(stage.path("other"), {
      route: { receiver: "none" },
      receivers: [{ name: "none" }],
    });
    stage.after(() => other.stop());
    const rulesFile = stage.path("rules.yml");
    writeFileSync(
      rulesFile,
      "groups: [{name: g, interval: 1s, rules: [{alert: Full, expr: disk_used > 90, labels: {severity: page}}]}]",
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
          external_labels: { region: "eu", replica: "1" },
          alerting: {
            own_alertmanager: false,
            alert_relabel_configs: [{ action: "labeldrop", regex: "replica" }],
            alertmanagers: [{ static_configs: [{ targets: [new URL(other.url).host] }] }],
          },
        },
      },
    });
    const asked = asking(up.url);
    const push = async (used: number) =>
      expect(
        (await asked.get("/write", { method: "POST", body: `disk,host=a used=${used}` })).status,
      ).toBe(204);
    const shown = async () => {
      const args = ["--alertmanager.url", other.url, "alert", "query", "-o", "json"];
      const child = Bun.spawn([amtoolProgram ?? "", ...args], { stdout: "pipe", stderr: "ignore" });
      return Shown.parse(JSON.parse(await new Response(child.stdout).text()));
    };
    await push(95);
    const [alert] = await until(
      "the alert",
      async () => {
        const found = await shown();
        return found.length > 0 && found;
      },
      60_000,
      500,
    );
    expect(alert?.labels).toEqual({
      alertname: "Full",
      host: "a",
      region: "eu",
      severity: "page",
    });
    const listed = z
      .object({ data: z.object({ activeAlertmanagers: z.array(z.object({ url: z.string() })) }) })
      .parse(await (await asked.get("/api/v1/alertmanagers")).json());
    expect(listed.data.activeAlertmanagers).toEqual([{ url: `${other.url}/api/v2/alerts` }]);
    // Its own one is off.
    expect(await (await asked.get("/api/v2/alerts")).json()).toEqual([]);
    await push(10);
    await until("the end", async () => (await shown()).length === 0, 60_000, 500);
  },
  150_000,
);
