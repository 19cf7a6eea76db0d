import type { Command } from "commander";
import { configFlags } from "#shared/runtime/role_command.ts";
import type { EnrollFlags } from "./enroll.ts";

/** `enroll` below `command`: exchanges a token for credentials. An agent that runs never loads what it takes. */
export function enrollCommand(command: Command): void {
  configFlags(
    command
      .command("enroll")
      .description(
        "exchange a token for this host's own credentials, and write what to start with",
      ),
  )
    .option("--url <url>", "where the aggregator answers HTTP")
    .option("--token <token>", "from `lapwing fleet token create`")
    .option("--token-file <file>", "the same, unseen by other users of this host")
    .option("--renew", "exchange credentials that have run out, without a token")
    // The command above has flags of the same names, and takes what is meant for this one.
    .action(async (_flags: unknown, own: Command) =>
      (await import("./enroll.ts")).enroll(own.optsWithGlobals<EnrollFlags>()),
    );
}
