import type { Command } from "commander";
import { askProcess, processFlags, type ProcessFlags } from "./running_process.ts";

/** Writing what a large head holds takes seconds; a store that is away is tried for longer. */
const flushWaitMs = 120_000;

/** `lapwing storage flush`: asks the process that runs to write what it holds in memory to blocks. */
export function flushCommand(command: Command): void {
  processFlags(
    command
      .command("flush")
      .description("have the running process write to blocks what it holds in memory"),
  ).action(async (flags: ProcessFlags) => {
    await askProcess(flags, "/-/flush", { method: "POST", waitMs: flushWaitMs });
  });
}
