import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Command } from "commander";
import { OperatingError, messageOf } from "#shared/errors.ts";
import { parseListen } from "#shared/runtime/config/base_config.ts";
import { type ConfigFlags, loadConfig } from "#shared/runtime/config/config_file.ts";
import { configFlags } from "#shared/runtime/role_command.ts";
import { AgentConfig } from "./config/config.ts";
import { withInstalledPaths } from "./local/installed_flags.ts";
import { RunningFile } from "./local/running_file.ts";
import { lookAtSpool } from "./local/spool_look.ts";
import { AgentStatus, troublesOf } from "./local/status.ts";
import { statusText, stoppedText } from "./local/status_text.ts";
import { agentProgramName } from "./install/program_name.ts";

type StatusFlags = ConfigFlags & { readonly json?: boolean };

/** How long an agent that runs is waited for. */
const agentWaitMs = 5_000;
const exitCodes = { well: 0, failed: 1, notWell: 2, stopped: 3 } as const;

/** `status` below `command`: asks the agent of this host, or reads its spool where none runs. It needs no aggregator. */
export function statusCommand(command: Command): void {
  configFlags(
    command
      .command("status")
      .description("show the state of this host's agent; needs no aggregator")
      .addHelpText(
        "after",
        "\nExit code: 0 healthy, 1 the state can't be read, 2 the aggregator is unreachable or something else fails, 3 no agent runs.",
      ),
  )
    .option("--json", "as JSON")
    // The command above has flags of the same names, and takes what is meant for this one.
    .action(async (_flags: unknown, own: Command) => {
      const flags = own.optsWithGlobals<StatusFlags>();
      const isInstalled = agentProgramName() === "lapwing-agent";
      process.exitCode = await status(isInstalled ? withInstalledPaths(flags) : flags);
    });
}

async function status(flags: StatusFlags): Promise<number> {
  const config = await loadConfig(AgentConfig, flags);
  const folder = join(config.data_dir, "agent");
  const running = await askAgent(folder, config.listen);
  if (running !== undefined) {
    const text = statusText(running);
    process.stdout.write(flags.json === true ? jsonText({ running: true, ...running }) : text);
    return troublesOf(running).length === 0 ? exitCodes.well : exitCodes.notWell;
  }
  const path = config.spool.path || join(folder, "spool");
  const nowMs = Date.now();
  const spool = await look({ ...config.spool, path }, nowMs);
  const json = { running: false, spool: spool ?? null };
  process.stdout.write(flags.json === true ? jsonText(json) : stoppedText(spool, path, nowMs));
  return exitCodes.stopped;
}

async function look(config: Parameters<typeof lookAtSpool>[0], nowMs: number) {
  try {
    return await lookAtSpool(config, nowMs);
  } catch (cause) {
    const message = `no agent runs, and its spool can't be read: ${messageOf(cause)}`;
    throw new OperatingError("unavailable", message, { cause });
  }
}

function jsonText(value: unknown): string {
  return `${JSON.stringify(value, undefined, 2)}\n`;
}

/**
 * The agent that wrote into the folder where it listens, or the one at the configuration's address, unless that is known to be of another
 * folder. undefined where neither answers.
 */
async function askAgent(folder: string, listen: string): Promise<AgentStatus | undefined> {
  const { hostname, port } = parseListen(listen);
  const host = hostname === "0.0.0.0" || hostname === "::" ? "127.0.0.1" : hostname;
  const configured = `http://${host.includes(":") ? `[${host}]` : host}:${port}/`;
  const told = await new RunningFile(folder).read();
  const id = await idIn(folder);
  for (const url of new Set([told ?? configured, configured])) {
    try {
      const response = await fetch(new URL("/agent/status", url), {
        signal: AbortSignal.timeout(agentWaitMs),
      });
      const answer = AgentStatus.parse(await response.json());
      if (id === undefined || id === answer.agent) return answer;
    } catch {
      // None runs there, or something else does.
    }
  }
  return undefined;
}

/** The identity of the agent of this folder; undefined where there is none, or it is not for us to read. */
async function idIn(folder: string): Promise<string | undefined> {
  try {
    return (await readFile(join(folder, "id"), "utf8")).trim();
  } catch {
    return undefined;
  }
}
