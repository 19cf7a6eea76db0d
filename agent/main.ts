#!/usr/bin/env bun
/** The agent alone: what is compiled to one binary and installed on every host. */
import "./small_heap.ts";
import { messageOf } from "#shared/errors.ts";
import { ignoreBrokenPipes } from "#shared/runtime/process/broken_pipe.ts";
import { runWith } from "#shared/runtime/role_command.ts";
import { roleFlags } from "#shared/runtime/role_flags.ts";
import { openAgentRole } from "./role.ts";

try {
  const flags = roleFlags(process.argv.slice(2));
  if (flags === undefined) {
    ignoreBrokenPipes();
    const { agentCommand } = await import("./agent_command.ts");
    await (await agentCommand(process.argv.slice(2))).parseAsync();
  } else await runWith(flags, openAgentRole);
} catch (thrown) {
  console.error(messageOf(thrown));
  process.exitCode = 1;
}
