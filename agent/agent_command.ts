import { Command } from "commander";
import { roleCommand } from "#shared/runtime/role_command.ts";
import { version } from "#shared/version.ts";
import { detectCommand } from "./detect_command.ts";
import { enrollCommand } from "./enroll/enroll_command.ts";
import { openAgentRole } from "./role.ts";

/** The command line of the agent's binary. */
export function agentCommand(): Command {
  const program = new Command("lapwing-agent")
    .description("Collects this host's metrics and logs and sends them to a Lapwing aggregator.")
    .version(version, "-v, --version", "print the version");
  const agent = roleCommand(program, openAgentRole);
  detectCommand(agent);
  enrollCommand(agent);
  return program;
}
