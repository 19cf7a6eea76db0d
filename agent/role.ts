import { Hono } from "hono";
import { parseListen } from "#shared/runtime/base_config.ts";
import { systemClock } from "#shared/runtime/clock.ts";
import type { ConfigFlags } from "#shared/runtime/config_file.ts";
import { loadConfig } from "#shared/runtime/config_file.ts";
import type { Lifecycle } from "#shared/runtime/lifecycle.ts";
import type { OpenedRole } from "#shared/runtime/role.ts";
import { openLog } from "#shared/runtime/self_log_tap.ts";
import { createSelfMetrics } from "#shared/runtime/self_metrics.ts";
import { withRefusals } from "#shared/runtime/method_not_allowed.ts";
import { statusRoutes } from "#shared/runtime/status_routes.ts";
import { Agent } from "./agent.ts";
import { AgentConfig } from "./config.ts";
import { keepMemorySmall } from "./memory_keeper.ts";

/** An agent of its own, with nats as its uplink. Throws ConfigError and OperatingError. */
export async function openAgentRole(flags: ConfigFlags, lifecycle: Lifecycle): Promise<OpenedRole> {
  const config = await loadConfig(AgentConfig, flags);
  lifecycle.listen(parseListen(config.listen));
  const log = openLog(config.log.level);
  const metrics = createSelfMetrics();
  const agent = await Agent.open(config, {
    clock: systemClock,
    log,
    metrics,
    uplink: "nats",
    selfLogs: log.tap,
  });
  await agent.start(lifecycle.address);
  const ending = new AbortController();
  const keeping = keepMemorySmall(systemClock, ending.signal);
  const stop = async () => {
    ending.abort();
    await agent.stop();
    await keeping;
  };
  const reload = () =>
    lifecycle.reloading(async () => agent.reload(await loadConfig(AgentConfig, flags)));
  const { lifecycle: allowed } = config;
  const routes = new Hono()
    .route(
      "/",
      statusRoutes({ metrics, lifecycle, allowed, notReady: () => agent.notReady(), reload }),
    )
    .route("/", agent.routes);
  return {
    log,
    role: { routes: withRefusals(routes, undefined), reload, stop },
  };
}
