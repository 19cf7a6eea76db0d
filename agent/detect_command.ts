import type { Command } from "commander";
import { configFlags } from "#shared/runtime/role_command.ts";
import type { DetectFlags } from "./detect.ts";

/** `detect` below `command`: what an agent would watch on this host. An agent that runs never loads what it takes. */
export function detectCommand(command: Command): void {
  configFlags(
    command
      .command("detect")
      .description("tell which services of this host would be watched, why, and what they need"),
  )
    .option("--json", "as JSON")
    // The command above has flags of the same names, and takes what is meant for this one.
    .action(async (_flags: unknown, own: Command) =>
      (await import("./detect.ts")).detect(own.optsWithGlobals<DetectFlags>()),
    );
}
