import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "#shared/runtime/clock.ts";
import { silentLogger } from "#shared/runtime/log.ts";
import { createSelfMetrics } from "#shared/runtime/self_metrics.ts";
import { Catalog } from "../../../catalog/catalog.ts";
import { AlertmanagerKeys } from "../../../notify/config.ts";
import { openAlertmanager } from "../../../notify/open_alertmanager.ts";
import { dependencyRoutes } from "./dependency_routes.ts";
import { DependenciesAnswer } from "./dependency_schemas.ts";

const folder = mkdtempSync(join(tmpdir(), "lapwing-dependencies-"));
const catalog = await Catalog.open(`sqlite://${join(folder, "catalog.db")}`);
const settings = (dependencies: object) => ({
  alertmanager: AlertmanagerKeys.parse({ dependencies }),
  rules: { external_url: "" },
  tenant: "default",
});
const behind = [{ name: "switch-1", hosts: ["web-*"] }];
const alertmanager = await openAlertmanager(settings({ behind }), {
  clock: systemClock,
  log: silentLogger,
  metrics: createSelfMetrics(),
  catalog,
});
const app = dependencyRoutes({ alertmanager });
afterAll(async () => {
  await alertmanager.stop();
  await catalog.close();
  rmSync(folder, { recursive: true });
});

async function answer(): Promise<DependenciesAnswer> {
  const response = await app.request("/api/v1/monitoring/dependencies");
  expect(response.status).toBe(200);
  return DependenciesAnswer.parse(await response.json());
}

test("GET dependencies shows the settings, and what is inhibited by which alert; a reload switches it off", async () => {
  const labels = [
    { alertname: "HostDown", instance: "switch-1" },
    { alertname: "HostDown", instance: "web-1" },
    { alertname: "RedisDown", instance: "web-1:6379" },
    { alertname: "Other", instance: "db-1" },
  ];
  const posted = labels.map((each) => ({ labels: each, annotations: {}, generatorUrl: "" }));
  expect(await alertmanager.put(posted)).toEqual([]);
  const { causes, ...shown } = await answer();
  expect(shown).toEqual({
    enabled: true,
    hostDown: ['alertname="HostDown"'],
    targetDown: [],
    labels: ["host", "instance"],
    behind,
    leftOut: 0,
  });
  expect(causes.map((one) => [one.labels, one.inhibits.map((alert) => alert.labels)])).toEqual([
    [labels[0] ?? {}, [labels[1] ?? {}, labels[2] ?? {}]],
  ]);
  (await alertmanager.prepare(settings({ enabled: false })))();
  expect(await answer()).toMatchObject({ enabled: false, causes: [] });
});
