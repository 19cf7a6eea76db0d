import type { Command } from "commander";
import { OperatingError, messageOf } from "#shared/errors.ts";
import { parseListen } from "#shared/runtime/config/base_config.ts";
import { type ConfigFlags, loadConfig } from "#shared/runtime/config/config_file.ts";
import { configFlags } from "#shared/runtime/role_command.ts";
import { AggregatorFile } from "../aggregator_file.ts";

/** Writing what a large head holds takes seconds; a store that is away is tried for longer. */
const flushWaitMs = 120_000;

/** `lapwing storage flush`: asks the process that runs to write what it holds in memory to blocks. */
export function flushCommand(command: Command): void {
  configFlags(
    command
      .command("flush")
      .description("have the running process write to blocks what it holds in memory"),
  )
    .option("--url <url>", "where it listens (default: the configuration's listen)")
    .action(async (flags: ConfigFlags & { readonly url?: string }) => {
      const url = flags.url ?? urlOf((await loadConfig(AggregatorFile, flags)).listen);
      await flush(new URL("/-/flush", url));
    });
}

/** Throws OperatingError "unavailable" where nothing answers, or what answers can't flush. */
async function flush(url: URL): Promise<void> {
  let answer: Response;
  try {
    answer = await fetch(url, { method: "POST", signal: AbortSignal.timeout(flushWaitMs) });
  } catch (cause) {
    throw new OperatingError("unavailable", `${url.href}: ${messageOf(cause)}`, { cause });
  }
  if (answer.ok) return;
  const text = (await answer.text()).trim();
  throw new OperatingError("unavailable", `${url.href}: ${answer.status} ${text}`);
}

function urlOf(listen: string): string {
  const { hostname, port } = parseListen(listen);
  const host = hostname === "0.0.0.0" || hostname === "::" ? "127.0.0.1" : hostname;
  return `http://${host.includes(":") ? `[${host}]` : host}:${port}/`;
}
