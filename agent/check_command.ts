import type { Command } from "commander";
import { type ConfigFlags, loadConfig } from "#shared/runtime/config/config_file.ts";
import { configFlags } from "#shared/runtime/role_command.ts";
import { AgentConfig } from "./config/config.ts";

/** `check` of the agent's binary: whether an agent starts with a configuration. */
export function checkCommand(program: Command): void {
  configFlags(
    program.command("check").description("check an agent's configuration, and report all mistakes"),
  )
    .argument("[file]", "the file to check (or --config)")
    .action(async (file: string | undefined, _: unknown, own: Command) => {
      const flags = own.optsWithGlobals<ConfigFlags>();
      await loadConfig(AgentConfig, file === undefined ? flags : { ...flags, config: file });
      console.log(`${file ?? flags.config ?? "defaults"}: ok`);
    });
}
