import { expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stringify } from "yaml";
import { z } from "zod";
import { readSmallConfig } from "#aggregator/notify/config/read_config.ts";
import { routesOf } from "#aggregator/notify/routing/route.ts";
import type { Labels } from "#shared/model/labels.ts";
import {
  alertmanagerProgram,
  amtoolProgram,
  startAlertmanager,
} from "#test/support/alertmanager.ts";
import { seededRandom } from "#test/support/random_promql.ts";
import { configOf, randomLabels, randomScenario } from "./scenario.ts";

/** A failure names it. */
const seed = Number(process.env["LAPWING_SEED"] ?? Date.now() % 1_000_000);
const isMissing = alertmanagerProgram === null || amtoolProgram === null;

/** Route trees of which nothing is sent. */
function treesOf(count: number) {
  const random = seededRandom(seed);
  const scenarios = Array.from({ length: count }, (_, i) => randomScenario(`${i}`, random, 1));
  const { receivers, ...config } = configOf(scenarios, () => "");
  const silent = { ...config, receivers: receivers.map(({ name }) => ({ name })) };
  const { route } = readSmallConfig(stringify(silent), "alertmanager.yml", []);
  const pick = <Value>(list: readonly Value[]): Value => {
    const found = list[Math.floor(random() * list.length)];
    if (found === undefined) throw new Error("nothing to pick from");
    return found;
  };
  const labels = () => randomLabels(pick(scenarios).id, pick);
  const ours = (of: Labels) => routesOf(route, of).map(({ receiver }) => receiver);
  return { silent, labels, ours };
}

const Alerts = z.array(
  z.object({
    labels: z.record(z.string(), z.string()),
    fingerprint: z.string(),
    receivers: z.array(z.object({ name: z.string() })),
  }),
);

test.skipIf(isMissing)(
  `thousands of label sets take the routes that Debian's Alertmanager and amtool give them (LAPWING_SEED=${seed})`,
  async () => {
    const folder = mkdtempSync(join(tmpdir(), "lapwing-routing-"));
    const { silent, labels, ours } = treesOf(60);
    const running = await startAlertmanager(folder, silent);
    try {
      const body = JSON.stringify(Array.from({ length: 6_000 }, () => ({ labels: labels() })));
      const headers = { "content-type": "application/json" };
      const url = `${running.url}/api/v2/alerts`;
      const posted = await fetch(url, { method: "POST", headers, body });
      expect(posted.status).toBe(200);
      const alerts = Alerts.parse(await (await fetch(url)).json());
      expect(alerts.length).toBeGreaterThan(2_000);
      for (const alert of alerts)
        expect({ labels: alert.labels, receivers: ours(alert.labels) }).toEqual({
          labels: alert.labels,
          receivers: alert.receivers.map(({ name }) => name),
        });
      for (let n = 0; n < 120; n++) {
        // amtool takes no value with a line break or quote as it is.
        const { alertname = "", ...plain } = labels();
        const own = alertname.includes('"') ? plain : { ...plain, alertname };
        const words = Object.entries(own).map(([name, value]) => `${name}=${value}`);
        const child = Bun.spawnSync([
          amtoolProgram ?? "",
          "config",
          "routes",
          "test",
          `--config.file=${running.configFile}`,
          ...words,
        ]);
        expect({ words, receivers: ours(own).join(",") }).toEqual({
          words,
          receivers: child.stdout.toString().trim(),
        });
      }
    } finally {
      await running.stop();
      rmSync(folder, { recursive: true });
    }
  },
  60_000,
);
