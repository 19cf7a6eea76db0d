/** The one place that puts agent and aggregator together: everything that a host with an agent alone has no use for. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Command } from "commander";
import { Hono } from "hono";
import { z } from "zod";
import { Agent, agentRestartKeys } from "#agent/agent.ts";
import { agentShape, withAgentChecks } from "#agent/config.ts";
import { importCommand } from "#agent/import/import_command.ts";
import { integrationsCommand } from "#agent/integrations/integrations_command.ts";
import { pipelineCommand } from "#agent/pipeline_command.ts";
import { Aggregator } from "#aggregator/aggregator.ts";
import { aggregatorShape } from "#aggregator/config.ts";
import type { LoadBoards } from "#aggregator/dashboards/built_in.ts";
import type { CheckDocument } from "#aggregator/fleet/configuration/configurations.ts";
import { fleetCommand } from "#aggregator/fleet/fleet_command.ts";
import { createEmbeddedReceiver } from "#aggregator/ingest/embedded_receiver.ts";
import { queryCommand } from "#aggregator/query_command.ts";
import { openAggregatorRole } from "#aggregator/role.ts";
import { storageCommand } from "#aggregator/storage_command.ts";
import { lazySchema } from "#shared/lazy_schema.ts";
import { parseListen } from "#shared/runtime/base_config.ts";
import { systemClock } from "#shared/runtime/clock.ts";
import type { ConfigFlags } from "#shared/runtime/config_file.ts";
import { loadConfig } from "#shared/runtime/config_file.ts";

import type { Lifecycle } from "#shared/runtime/lifecycle.ts";
import type { OpenedRole } from "#shared/runtime/role.ts";
import { configFlags, roleCommand } from "#shared/runtime/role_command.ts";
import { openLog } from "#shared/runtime/self_log_tap.ts";
import { createSelfMetrics } from "#shared/runtime/self_metrics.ts";
import { withRefusals } from "#shared/runtime/method_not_allowed.ts";
import { statusRoutes } from "#shared/runtime/status_routes.ts";
import { version } from "#shared/version.ts";

/** The whole file, as `up` and `check` read it. */
const LapwingConfig = lazySchema(() =>
  withAgentChecks(z.strictObject({ ...agentShape(), ...aggregatorShape })),
);

/** Read once, at the start; an agent's own keys are for the agent to tell. */
const aggregatorKeys = ["storage", "ingest", "query", "dashboards", "streams", "fleet"] as const;
/** What stays as it was at the start, so that it is shown so after a reload. */
const restartKeys = [...aggregatorKeys, ...agentRestartKeys] as const;

const builtUi = join(import.meta.dir, "ui", "dist");
const uiFolder = existsSync(join(builtUi, "index.html")) ? builtUi : undefined;

/** Only the agent's own schema knows what is wrong with what agents are to collect; an aggregator loads it when it is asked to keep some. */
const checkDocument: CheckDocument = async (name, text) =>
  (await import("#agent/configuration/document.ts")).checkDocument(name, text);

/** Dashboards of what agents know: an aggregator shows them. */
const boards: LoadBoards = async () =>
  (await import("#agent/integrations/boards.ts")).integrationBoards();

/** Agent and aggregator in one process: the aggregator reads the agent's spool, no NATS between. */
async function openUpRole(flags: ConfigFlags, lifecycle: Lifecycle): Promise<OpenedRole> {
  const config = await loadConfig(LapwingConfig, flags);
  lifecycle.listen(parseListen(config.listen));
  const log = openLog(config.log.level);
  const metrics = createSelfMetrics();
  const parts = { clock: systemClock, log, metrics };
  const agent = await Agent.open(config, { ...parts, uplink: "embedded", selfLogs: log.tap });
  const receiver = createEmbeddedReceiver(agent.port, { clock: systemClock, log });
  const aggregator = await Aggregator.open(config, {
    ...parts,
    receiver,
    lifecycle,
    uiFolder,
    boards,
  });
  await aggregator.start();
  await agent.start(lifecycle.address);
  await aggregator.warmUp();
  const read = async () => {
    const next = await loadConfig(LapwingConfig, flags);
    const changed = aggregatorKeys.filter((key) => !Bun.deepEquals(next[key], config[key]));
    if (changed.length > 0)
      log.warn("some keys take effect after a restart only", { keys: changed });
    const before = agent.routes;
    await agent.reload(next);
    if (agent.routes !== before) lifecycle.serve(routes());
    const kept = Object.fromEntries(restartKeys.map((key) => [key, config[key]]));
    aggregator.showConfig({ ...next, ...kept });
  };
  const reload = () => lifecycle.reloading(read);
  const { lifecycle: allowed } = config;
  const notReady = () => [...agent.notReady(), ...aggregator.notReady()];
  const status = statusRoutes({ metrics, lifecycle, allowed, notReady, reload });
  const routes = () =>
    withRefusals(
      new Hono().route("/", status).route("/", agent.routes).route("/", aggregator.routes),
      aggregator.ui,
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
      reload,
      stop,
    },
  };
}

/** Adds all commands but `agent`. */
export function otherCommands(program: Command): void {
  roleCommand(
    program
      .command("up")
      .description("run everything in one process: this host, nothing to install"),
    openUpRole,
  );
  roleCommand(
    program
      .command("aggregator")
      .description(
        "take what agents send over NATS, store it, answer queries, serve the interface",
      ),
    (flags, lifecycle) => openAggregatorRole(flags, lifecycle, { uiFolder, checkDocument, boards }),
  );
  configFlags(program.command("check").description("check a configuration, and tell all mistakes"))
    .argument("[file]", "the file to check (or --config)")
    .action(async (file: string | undefined, flags: ConfigFlags) => {
      await loadConfig(LapwingConfig, file === undefined ? flags : { ...flags, config: file });
      console.log(`${file ?? flags.config ?? "defaults"}: ok`);
    });
  queryCommand(program.command("query"));
  pipelineCommand(program.command("pipeline"));
  importCommand(program.command("import"));
  integrationsCommand(program.command("integrations"));
  storageCommand(program.command("storage"));
  fleetCommand(program.command("fleet"), checkDocument);
  program
    .command("version")
    .description("print the version")
    .action(() => console.log(version));
}
