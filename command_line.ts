/** The command line of Lapwing. */
import { Command } from "commander";
import { detectCommand } from "#agent/detect_command.ts";
import { enrollCommand } from "#agent/enroll/enroll_command.ts";
import { openAgentRole } from "#agent/role.ts";
import { statusCommand } from "#agent/status_command.ts";
import { messageOf } from "#shared/errors.ts";
import { roleCommand } from "#shared/runtime/role_command.ts";
import { version } from "#shared/version.ts";

const program = new Command("lapwing")
  .description(
    "Observability done at the edge: metrics and logs of your machines, as plain Parquet.",
  )
  .version(version, "-v, --version", "print the version")
  .showHelpAfterError("(--help tells more)");

const agent = roleCommand(
  program.command("agent").description("collect this host and send to an aggregator over NATS"),
  openAgentRole,
);
statusCommand(agent);
detectCommand(agent);
enrollCommand(agent);
// Every host with an agent would pay for the aggregator's code: some 30 MB.
if (process.argv[2] !== "agent") (await import("./other_commands.ts")).otherCommands(program);

try {
  await program.parseAsync();
} catch (thrown) {
  const message = messageOf(thrown);
  console.error(process.stderr.isTTY ? `\u001b[31m${message}\u001b[0m` : message);
  process.exitCode = 1;
}
