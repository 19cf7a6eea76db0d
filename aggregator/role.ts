import { Hono } from "hono";
import { parseListen } from "#shared/runtime/config/base_config.ts";
import { systemClock } from "#shared/runtime/clock.ts";
import type { ConfigFlags } from "#shared/runtime/config/config_file.ts";
import { loadConfig } from "#shared/runtime/config/config_file.ts";
import { createLogger } from "#shared/runtime/log.ts";
import type { Lifecycle } from "#shared/runtime/lifecycle.ts";
import type { OpenedRole } from "#shared/runtime/role.ts";
import { watchMemory } from "#shared/runtime/process/memory_pressure.ts";
import { createSelfMetrics } from "#shared/runtime/self_metrics.ts";
import { withRefusals } from "#shared/runtime/method_not_allowed.ts";
import { logRestartKeys, restartKeysOf } from "#shared/runtime/restart_keys.ts";
import { statusPermissions } from "#shared/runtime/status_permissions.ts";
import { statusRoutes } from "#shared/runtime/status_routes.ts";
import { aggregatorMiddleware, aggregatorRoutePermissions } from "./api/routes/registry.ts";
import { Aggregator, type AggregatorParts } from "./aggregator.ts";
import { AggregatorFile } from "./commands/aggregator_file.ts";
import { createNatsReceiver } from "./ingest/nats_receiver.ts";
import { aggregatorKeyEffects } from "./config/restart_keys.ts";

/** An aggregator of its own, which agents reach over NATS. Throws ConfigError and OperatingError. */
export async function openAggregatorRole(
  flags: ConfigFlags,
  lifecycle: Lifecycle,
  {
    uiFolder,
    checkDocument,
    boards,
    providedRules,
  }: Pick<AggregatorParts, "uiFolder" | "checkDocument" | "boards" | "providedRules">,
): Promise<OpenedRole> {
  const config = await loadConfig(AggregatorFile, flags);
  lifecycle.listen(parseListen(config.listen), config.http);
  const log = createLogger(config.log.level);
  const metrics = createSelfMetrics();
  lifecycle.observe(log, metrics);
  watchMemory(config.memory_high, metrics);
  const parts = { clock: systemClock, log, metrics };
  const receiver = createNatsReceiver(config.nats, config.streams, {
    ...parts,
    log: log.child({ room: "uplink" }),
    backlogRate: config.ingest.backlog_rate,
  });
  const aggregator = await Aggregator.open(config, {
    ...parts,
    receiver,
    lifecycle,
    uiFolder,
    ...(checkDocument && { checkDocument }),
    ...(boards && { boards }),
    ...(providedRules && { providedRules }),
  });
  await aggregator.start();
  const check = async () => {
    const next = await loadConfig(AggregatorFile, flags);
    const apply = await aggregator.prepare(next);
    lifecycle.door.configure(next.http);
    apply();
    log.info("configuration is valid");
    return logRestartKeys(log, restartKeysOf(aggregatorKeyEffects, config, next));
  };
  const reload = () => lifecycle.reloading(check);
  const { lifecycle: allowed } = config;
  const notReady = () => aggregator.notReady();
  const routes = new Hono()
    .route("/", statusRoutes({ metrics, lifecycle, allowed, notReady, reload }))
    .route("/", aggregator.routes);
  const served = withRefusals(routes, aggregator.ui, {
    permissions: { ...statusPermissions, ...aggregatorRoutePermissions },
    middleware: aggregatorMiddleware,
  });
  return { log, role: { routes: served, reload, stop: () => aggregator.stop() } };
}
