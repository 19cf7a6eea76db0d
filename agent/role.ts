import { join } from "node:path";
import { Hono } from "hono";
import { z } from "zod";
import { parseListen } from "#shared/runtime/config/base_config.ts";
import { systemClock } from "#shared/runtime/clock.ts";
import type { ConfigFlags } from "#shared/runtime/config/config_file.ts";
import { loadConfig } from "#shared/runtime/config/config_file.ts";
import type { Lifecycle } from "#shared/runtime/lifecycle.ts";
import type { Logger } from "#shared/runtime/log.ts";
import type { OpenedRole } from "#shared/runtime/role.ts";
import { openLog } from "#shared/runtime/self_log_tap.ts";
import { watchMemory } from "#shared/runtime/process/memory_pressure.ts";
import { createSelfMetrics } from "#shared/runtime/self_metrics.ts";
import { withRefusals } from "#shared/runtime/method_not_allowed.ts";
import { logRestartKeys, restartKeysOf } from "#shared/runtime/restart_keys.ts";
import { statusPermissions } from "#shared/runtime/status_permissions.ts";
import { statusRoutes } from "#shared/runtime/status_routes.ts";
import { Agent } from "./agent.ts";
import { agentKeyEffects } from "./config/restart_keys.ts";
import { AgentConfig } from "./config/config.ts";
import type { RemoteConfiguration } from "./configuration/remote_configuration.ts";
import { shrinkAfterStart } from "./shrink_after_start.ts";
import { agentMiddleware, agentRoutePermissions } from "./route_permissions.ts";
import type { Launched } from "./update/launcher.ts";
import type { openUpdater } from "./update/self_update.ts";
import type { Updater } from "./update/updater.ts";

const declared = {
  permissions: { ...statusPermissions, ...agentRoutePermissions, "GET /": "public" },
  middleware: ["/*", ...agentMiddleware],
} as const;

/** An agent of its own, with nats as its uplink. Throws ConfigError and OperatingError. */
export async function openAgentRole(flags: ConfigFlags, lifecycle: Lifecycle): Promise<OpenedRole> {
  const launched = await launchedBy(flags);
  const own = await loadConfig(AgentConfig, flags);
  lifecycle.listen(parseListen(own.listen), own.http);
  const log = openLog(own.log.level);
  const { config, remote } = await configured(own, flags, log);
  const metrics = createSelfMetrics();
  lifecycle.observe(log, metrics);
  watchMemory(config.memory_high, metrics);
  const shared = { clock: systemClock, log, metrics };
  let isStarted = false;
  const troubles = (): string[] => {
    if (!isStarted) return ["not all is started"];
    return [...agent.notReady(), ...(agent.isReached ? [] : ["no heartbeat was answered"])];
  };
  const updater = await updaterOf(launched, config, { ...shared, lifecycle, troubles });
  const agent = await Agent.open(config, {
    ...shared,
    uplink: "nats",
    selfLogs: log.tap,
    ...(remote && { remote }),
    updater,
  });
  updater?.start();
  await agent.start(lifecycle.address);
  isStarted = true;
  const apply = async (next: AgentConfig) => {
    const before = agent.routes;
    await agent.reload(next);
    if (agent.routes !== before) lifecycle.serve(routes(), agent.pushes);
    lifecycle.door.configure(next.http);
    return logRestartKeys(log, restartKeysOf(agentKeyEffects, config, next));
  };
  remote?.start({
    reload: async (next) => void (await lifecycle.reloading(() => apply(next))),
    heartbeat: () => agent.port.heartbeat(),
  });
  const ending = new AbortController();
  const shrinking = shrinkAfterStart(systemClock, ending.signal);
  const stop = async () => {
    ending.abort();
    await updater?.close();
    await remote?.stop();
    await agent.stop();
    await shrinking;
  };
  const read = () => remote?.reread() ?? loadConfig(AgentConfig, flags);
  const reload = () => lifecycle.reloading(async () => apply(await read()));
  const notReady = () => agent.notReady();
  const status = statusRoutes({ metrics, lifecycle, allowed: config.lifecycle, notReady, reload });
  const routes = () =>
    withRefusals(
      new Hono().route("/", status).route("/", agent.routes).route("/", startPage()),
      undefined,
      declared,
    );
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

function startPage(): Hono {
  return new Hono().get("/", (c) => c.redirect("/agent"));
}

/** What to start with: the host's own file, or what the aggregator wanted last. An agent that has its file alone loads nothing of that. */
async function configured(
  own: AgentConfig,
  flags: ConfigFlags,
  log: Logger,
): Promise<{ readonly config: AgentConfig; readonly remote?: RemoteConfiguration }> {
  const { configuration: source } = own.fleet;
  if (source === "local") return { config: own };
  const { RemoteConfiguration } = await import("./configuration/remote_configuration.ts");
  const { effectiveConfig } = await import("./configuration/effective_config.ts");
  return RemoteConfiguration.open({
    folder: join(own.data_dir, "agent"),
    source,
    effective: (wanted) => effectiveConfig(flags, wanted),
    clock: systemClock,
    log: log.child({ room: "configuration" }),
  });
}

/** Only whether; the rest of the file may be for a newer release. */
const Early = z.looseObject({
  self_update: z.looseObject({ enabled: z.boolean().default(false) }).prefault({}),
});

/** Does not come back where another release is to run. undefined: this agent is not brought up to date by itself. */
async function launchedBy(flags: ConfigFlags): Promise<Launched | undefined> {
  try {
    if (!(await loadConfig(Early, flags)).self_update.enabled) return undefined;
    return await (await import("./update/launcher.ts")).launch(flags);
  } catch {
    // Mistakes are told, all of them, by whoever reads the whole file.
    return undefined;
  }
}

async function updaterOf(
  launched: Launched | undefined,
  { self_update: config }: AgentConfig,
  parts: Omit<Parameters<typeof openUpdater>[1], "config" | "log"> & { readonly log: Logger },
): Promise<Updater | undefined> {
  const log = parts.log.child({ room: "update" });
  if (launched === undefined) {
    if (config.enabled) log.warn("self_update is for installed programs of a known platform");
    return undefined;
  }
  const { openUpdater: open } = await import("./update/self_update.ts");
  return open(launched, { ...parts, config, log });
}
