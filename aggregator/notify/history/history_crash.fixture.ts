import { systemClock } from "#shared/runtime/clock.ts";
import { silentLogger } from "#shared/runtime/log.ts";
import { createSelfMetrics } from "#shared/runtime/self_metrics.ts";
import { Catalog } from "../../catalog/catalog.ts";
import { AlertHistory } from "./alert_history.ts";

/** What an evaluation finds: hosts of which an alert fires. */
export function observed(hosts: readonly string[]) {
  const alerts = hosts.map((host) => ({
    labels: { alertname: "Down", host },
    state: "firing" as const,
    value: 1,
  }));
  return [{ name: "Down", isSettled: true, alerts }];
}
export const crashGroup = { file: "rules.yaml", name: "hosts" };

export async function openTestHistory(catalogFile: string) {
  const catalog = await Catalog.open(`sqlite://${catalogFile}`);
  const parts = { catalog, tenant: "default", clock: systemClock, log: silentLogger };
  const history = await AlertHistory.open({ ...parts, metrics: createSelfMetrics() });
  return { catalog, history };
}

/**
 * As a process of its own: each line of the standard input is an evaluation, with the hosts that fire. It answers "seen" before the rows
 * are written; "wait" is answered once they are. To be killed at any moment.
 */
if (import.meta.main) {
  const { history } = await openTestHistory(process.argv[2] ?? "");
  process.stdout.write("ready\n");
  let atMs = 0;
  for await (const line of console) {
    if (line === "wait") {
      await history.written();
      process.stdout.write("written\n");
      continue;
    }
    await history.evaluated(crashGroup, observed(line.split(" ").filter(Boolean)), ++atMs);
    process.stdout.write("seen\n");
  }
}
