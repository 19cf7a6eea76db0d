import { Command } from "commander";
import { roleCommand } from "#shared/runtime/role_command.ts";
import { version } from "#shared/version.ts";
import { openAgentRole } from "./role.ts";

/** What a host needs beside the agent itself, each with what adds it to a program: its code is loaded then. */
const commands: Readonly<Record<string, (program: Command) => Promise<void>>> = {
  status: async (program) => (await import("./status_command.ts")).statusCommand(program),
  detect: async (program) => (await import("./detect_command.ts")).detectCommand(program),
  enroll: async (program) => (await import("./enroll_command.ts")).enrollCommand(program),
  check: async (program) => (await import("./check_command.ts")).checkCommand(program),
  pipeline: async (program) => {
    (await import("./pipeline_command.ts")).pipelineCommand(program.command("pipeline"));
  },
  import: async (program) => {
    (await import("./import/import_command.ts")).importCommand(program.command("import"));
  },
};

/**
 * The command line of the agent's binary. `args` are those behind the program's name: the code of the
 * command that they name is loaded, or of all of them.
 */
export async function agentCommand(args: readonly string[]): Promise<Command> {
  const program = new Command("lapwing-agent")
    .description("Collects this host's metrics and logs and sends them to a Lapwing aggregator.")
    .version(version, "-v, --version", "print the version")
    // What stands behind a command's name is the command's, also where the agent has an option of that name.
    .enablePositionalOptions();
  roleCommand(program, openAgentRole);
  const [name = ""] = args;
  const asked = Object.hasOwn(commands, name) ? [name] : Object.keys(commands);
  // One after another, as --help lists them.
  for (const each of asked) await commands[each]?.(program);
  return program;
}
