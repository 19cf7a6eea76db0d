import { z } from "zod";
import { systemClock } from "#shared/runtime/clock.ts";
import { silentLogger } from "#shared/runtime/log.ts";
import { createSelfMetrics } from "#shared/runtime/self_metrics.ts";
import { Catalog } from "../catalog/catalog.ts";
import type { Channel } from "../channels/channel.ts";
import { Alertmanager } from "./alertmanager.ts";
import { AlertmanagerKeys } from "./config.ts";
import { knownChannel } from "./config/integration.ts";

/** The third argument of the process names the step at which it kills itself. */
function dieAt(step: string): void {
  if (import.meta.main && process.argv[4] === step) process.kill(process.pid, "SIGKILL");
}

/** Posts the receiver's group and alerts to a URL. */
const Hook = z.strictObject({ url: z.string() });
const hook: Channel<z.output<typeof Hook>> = {
  name: "hook",
  title: "Hook",
  schema: Hook,
  complete: (config) => ({ config, mistakes: [] }),
  sendsResolved: () => true,
  send: async ({ url }, { groupKey, status, alerts, reason }, parts, signal) => {
    try {
      const names = alerts.map((one) => `${one.labels["alertname"]} ${one.status}`);
      const body = JSON.stringify({ groupKey, status, reason, alerts: names, pid: process.pid });
      dieAt("before_send");
      const answer = await parts.fetch(url, { method: "POST", body, signal });
      dieAt("after_send");
      return { kind: "sent", answer: `HTTP ${answer.status}` };
    } catch (thrown) {
      return { kind: "failed", reason: "other", error: String(thrown), isRetried: true };
    }
  },
};

/** An Alertmanager over a catalog, with a channel that posts JSON. */
export async function openTestAlertmanager(catalogFile: string, configFile: string) {
  const catalog = await Catalog.open(`sqlite://${catalogFile}`);
  const alertmanager = await Alertmanager.open(
    {
      alertmanager: AlertmanagerKeys.parse({ config_file: configFile }),
      rules: { external_url: "http://lapwing" },
    },
    {
      clock: systemClock,
      log: silentLogger,
      metrics: createSelfMetrics(),
      catalog,
      tenant: "default",
      channels: [knownChannel(hook)],
      channelParts: async () => ({
        textsOf: () => ({ text: (text) => text, html: (text) => text }),
        fetch,
        now: Date.now,
      }),
    },
  );
  if (alertmanager.fault !== undefined) throw new Error(alertmanager.fault);
  return { alertmanager, catalog };
}

/**
 * As a process of its own: takes a line of alert names on the standard input, posts them as one request, and writes "taken" when they
 * survive a crash. To be killed at any moment.
 */
if (import.meta.main) {
  const [catalogFile = "", configFile = ""] = process.argv.slice(2);
  const { alertmanager } = await openTestAlertmanager(catalogFile, configFile);
  alertmanager.start();
  process.stdout.write("ready\n");
  for await (const line of console) {
    const alerts = line.split(" ").filter((name) => name !== "");
    await alertmanager.put(
      alerts.map((alertname) => ({ labels: { alertname }, annotations: {}, generatorUrl: "" })),
    );
    process.stdout.write("taken\n");
  }
}
