/** The one place that puts agent and aggregator together. */
import { Hono } from "hono";
import { z } from "zod";
import { Agent } from "#agent/agent.ts";
import { agentShape, withAgentChecks } from "#agent/config/config.ts";
import { agentKeyEffects } from "#agent/config/restart_keys.ts";
import { agentMiddleware, agentRoutePermissions } from "#agent/route_permissions.ts";
import {
  aggregatorMiddleware,
  aggregatorRoutePermissions,
} from "#aggregator/api/routes/registry.ts";
import { Aggregator } from "#aggregator/aggregator.ts";
import type { LoadBoards } from "#aggregator/dashboards/built_in.ts";
import type { LoadProvidedRules } from "#aggregator/rules/integration_rules/provided_rules.ts";
import { aggregatorShape } from "#aggregator/config/config.ts";
import { aggregatorKeyEffects } from "#aggregator/config/restart_keys.ts";
import { createEmbeddedReceiver } from "#aggregator/ingest/embedded_receiver.ts";
import { parseListen } from "#shared/runtime/config/base_config.ts";
import { systemClock } from "#shared/runtime/clock.ts";
import type { ConfigFlags } from "#shared/runtime/config/config_file.ts";
import { loadConfig } from "#shared/runtime/config/config_file.ts";
import type { Lifecycle } from "#shared/runtime/lifecycle.ts";
import type { OpenedRole } from "#shared/runtime/role.ts";
import { openLog } from "#shared/runtime/self_log_tap.ts";
import { watchMemory } from "#shared/runtime/process/memory_pressure.ts";
import { createSelfMetrics } from "#shared/runtime/self_metrics.ts";
import { withRefusals } from "#shared/runtime/method_not_allowed.ts";
import { type KeyEffects, logRestartKeys, restartKeysOf } from "#shared/runtime/restart_keys.ts";
import { statusPermissions } from "#shared/runtime/status_permissions.ts";
import { statusRoutes } from "#shared/runtime/status_routes.ts";

/** The whole file, as `up` and `check` read it. */
export const LapwingConfig = z.lazy(() =>
  withAgentChecks(z.strictObject({ ...agentShape(), ...aggregatorShape })),
);

/** When changed keys of the whole file take effect. */
export const upKeyEffects = { ...agentKeyEffects, ...aggregatorKeyEffects } as const;

export type UpParts = {
  /** Of the built interface, where there is one. */
  readonly uiFolder: string | undefined;
  readonly boards: LoadBoards;
  readonly providedRules: LoadProvidedRules;
};

const declared = {
  permissions: { ...statusPermissions, ...agentRoutePermissions, ...aggregatorRoutePermissions },
  middleware: [...agentMiddleware, ...aggregatorMiddleware],
};

/** Agent and aggregator in one process: the aggregator reads the agent's spool, no NATS between. */
export async function openUpRole(
  flags: ConfigFlags,
  lifecycle: Lifecycle,
  { uiFolder, boards, providedRules }: UpParts,
): Promise<OpenedRole> {
  const config = await loadConfig(LapwingConfig, flags);
  lifecycle.listen(parseListen(config.listen), config.http);
  const log = openLog(config.log.level);
  const metrics = createSelfMetrics();
  lifecycle.observe(log, metrics);
  watchMemory(config.memory_high, metrics);
  const parts = { clock: systemClock, log, metrics };
  const agent = await Agent.open(config, { ...parts, uplink: "embedded", selfLogs: log.tap });
  const receiver = createEmbeddedReceiver(agent.port, { clock: systemClock, log });
  const aggregator = await Aggregator.open(config, {
    ...parts,
    receiver,
    heldLabels: (labels, hash) => agent.heldLabels(labels, hash),
    hasOwnAgent: true,
    lifecycle,
    uiFolder,
    boards,
    providedRules,
  }).catch(async (thrown: unknown) => {
    // The agent's spool would keep the process alive.
    await agent.stop();
    throw thrown;
  });
  await aggregator.start();
  await agent.start(lifecycle.address);
  const read = async () => {
    const next = await loadConfig(LapwingConfig, flags);
    const before = agent.routes;
    const apply = await aggregator.prepare(next);
    await agent.reload(next);
    apply();
    if (agent.routes !== before) lifecycle.serve(routes(), agent.pushes);
    lifecycle.door.configure(next.http);
    // What stays as it was at the start is shown so.
    const running = Object.entries(config).filter(([key]) => isRead(key));
    aggregator.showConfig({ ...next, ...Object.fromEntries(running) });
    return logRestartKeys(log, restartKeysOf(upKeyEffects, config, next));
  };
  const reload = () => lifecycle.reloading(read);
  const { lifecycle: allowed } = config;
  const notReady = () => [...agent.notReady(), ...aggregator.notReady()];
  const status = statusRoutes({ metrics, lifecycle, allowed, notReady, reload });
  const routes = () =>
    withRefusals(
      new Hono().route("/", status).route("/", agent.routes).route("/", aggregator.routes),
      aggregator.ui,
      declared,
    );
  const stop = async () => {
    await agent.stopCollecting();
    await aggregator.stop();
    await agent.stop();
  };
  return {
    log,
    role: {
      get routes() {
        return routes();
      },
      get pushes() {
        return agent.pushes;
      },
      reload,
      stop,
    },
  };
}

/** Whether all below a key is read once, at the start. */
function isRead(key: string): boolean {
  const effects: KeyEffects = upKeyEffects;
  return effects[key] === "restart";
}
