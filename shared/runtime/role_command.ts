import type { Command } from "commander";
import type { ConfigFlags } from "./config/config_file.ts";
import type { OpenedRole } from "./role.ts";
import { systemClock } from "./clock.ts";
import { createPrivateFiles } from "./process/private_folder.ts";
import { Lifecycle } from "./lifecycle.ts";
import { runRole } from "./role.ts";

/** Adds the flags that every role takes. */
export function configFlags(command: Command): Command {
  return command
    .option("-c, --config <file>", "configuration file (or LAPWING_CONFIG)")
    .option("--listen <host:port>", "where to serve HTTP (default 127.0.0.1:7600)")
    .option("--data-dir <folder>", "where to keep everything on disk (default ./data)")
    .option("--log-level <level>", "debug, info, warn or error")
    .option(
      "--set <key=value>",
      "override any key, such as storage.url=file:///x; repeatable",
      collect,
    );
}

/** Makes the command open a role, and run it until it is told to stop. */
export function roleCommand(
  command: Command,
  open: (flags: ConfigFlags, lifecycle: Lifecycle) => Promise<OpenedRole>,
): Command {
  return configFlags(command).action((flags: ConfigFlags) => runWith(flags, open));
}

/** Opens a role, runs it until it is told to stop, and ends the process. Throws where it can't be opened. */
export async function runWith(
  flags: ConfigFlags,
  open: (flags: ConfigFlags, lifecycle: Lifecycle) => Promise<OpenedRole>,
): Promise<void> {
  createPrivateFiles();
  const lifecycle = new Lifecycle(systemClock);
  try {
    const opened = await open(flags, lifecycle);
    process.exit(await runRole(opened, lifecycle));
  } finally {
    await lifecycle.close();
  }
}

function collect(value: string, before: readonly string[] = []): string[] {
  return [...before, value];
}
