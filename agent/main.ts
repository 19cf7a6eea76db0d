#!/usr/bin/env bun
/** The agent alone: what is compiled to one binary and installed on every host. */
import "./small_heap.ts";
import { Command } from "commander";
import { messageOf } from "#shared/errors.ts";
import { version } from "#shared/version.ts";
import { roleCommand } from "#shared/runtime/role_command.ts";
import { detectCommand } from "./detect_command.ts";
import { enrollCommand } from "./enroll/enroll_command.ts";
import { openAgentRole } from "./role.ts";
import { statusCommand } from "./status_command.ts";

const program = new Command("lapwing-agent")
  .description("Collects this host's metrics and logs and sends them to a Lapwing aggregator.")
  .version(version, "-v, --version", "print the version");
const agent = roleCommand(program, openAgentRole);
statusCommand(agent);
detectCommand(agent);
enrollCommand(agent);

try {
  await program.parseAsync();
} catch (thrown) {
  console.error(messageOf(thrown));
  process.exitCode = 1;
}
