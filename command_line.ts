/** The command line of Lapwing, and the one place that knows both agent and aggregator. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { Command } from "commander";
import type { LoadBoards } from "#aggregator/dashboards/built_in.ts";
import type { LoadProvidedRules } from "#aggregator/rules/integration_rules/provided_rules.ts";
import type { CheckDocument } from "#aggregator/fleet/configuration/configurations.ts";
import { messageOf } from "#shared/errors.ts";
import { ignoreBrokenPipes, isBrokenPipe } from "#shared/runtime/process/broken_pipe.ts";
import type { ConfigFlags } from "#shared/runtime/config/config_file.ts";
import { version } from "#shared/version.ts";

const builtUi = join(import.meta.dir, "ui", "dist");
const uiFolder = existsSync(join(builtUi, "index.html")) ? builtUi : undefined;

/** Only the agent's own schema knows what is wrong with what agents are to collect; an aggregator loads it when it is asked to keep some. */
const checkDocument: CheckDocument = async (name, text) =>
  (await import("#agent/configuration/document.ts")).checkDocument(name, text);

/** Dashboards of what agents know: an aggregator shows them. */
const boards: LoadBoards = async () =>
  (await import("#agent/integrations/boards.ts")).integrationBoards();

/** Rules of what agents know: an aggregator evaluates them. */
const providedRules: LoadProvidedRules = async () => [
  ...(await import("#agent/integrations/rule_texts.ts")).integrationRuleTexts(),
  (await import("#agent/probes/rule_texts.ts")).probeRuleTexts(),
];

/** The commands by name, each with what adds it to a program: its code is loaded then. */
const commands: Readonly<Record<string, (program: Command) => Promise<void>>> = {
  agent: async (program) => {
    const { openAgentRole } = await import("#agent/role.ts");
    const { roleCommand } = await import("#shared/runtime/role_command.ts");
    const agent = roleCommand(
      program.command("agent").description("collect this host and send to an aggregator over NATS"),
      openAgentRole,
    );
    (await import("#agent/status_command.ts")).statusCommand(agent);
    (await import("#agent/detect_command.ts")).detectCommand(agent);
    (await import("#agent/enroll_command.ts")).enrollCommand(agent);
  },
  up: async (program) => {
    const { roleCommand } = await import("#shared/runtime/role_command.ts");
    roleCommand(
      program
        .command("up")
        .description("run everything in one process: this host, nothing to install"),
      async (flags, lifecycle) => {
        const { openUpRole } = await import("./up_role.ts");
        return openUpRole(flags, lifecycle, { uiFolder, boards, providedRules });
      },
    );
  },
  aggregator: async (program) => {
    const { roleCommand } = await import("#shared/runtime/role_command.ts");
    roleCommand(
      program
        .command("aggregator")
        .description(
          "take what agents send over NATS, store it, answer queries, serve the interface",
        ),
      async (flags, lifecycle) => {
        const { openAggregatorRole } = await import("#aggregator/role.ts");
        const parts = { uiFolder, checkDocument, boards, providedRules };
        return openAggregatorRole(flags, lifecycle, parts);
      },
    );
  },
  check: async (program) => {
    const { configFlags } = await import("#shared/runtime/role_command.ts");
    const check = configFlags(
      program
        .command("check")
        .description("check a configuration, or files of rules, and report all mistakes"),
    )
      .argument("[file]", "the file to check (or --config)")
      .action(async (file: string | undefined, flags: ConfigFlags) => {
        const { LapwingConfig } = await import("./up_role.ts");
        const { loadConfig } = await import("#shared/runtime/config/config_file.ts");
        const given = file === undefined ? flags : { ...flags, config: file };
        const { rules } = await loadConfig(LapwingConfig, given);
        const { IntegrationRules } =
          await import("#aggregator/rules/integration_rules/integration_rules.ts");
        await IntegrationRules.read(providedRules, rules);
        console.log(`${file ?? flags.config ?? "defaults"}: ok`);
      });
    (await import("#aggregator/rules/check_command.ts")).checkRulesCommand(check, "rules");
  },
  rules: async (program) => {
    const { rulesCommand } = await import("#aggregator/rules/rules_command.ts");
    rulesCommand(program.command("rules"), providedRules);
  },
  query: async (program) => {
    (await import("#aggregator/commands/query_command.ts")).queryCommand(program.command("query"));
  },
  pipeline: async (program) => {
    (await import("#agent/pipeline_command.ts")).pipelineCommand(program.command("pipeline"));
  },
  import: async (program) => {
    (await import("#agent/import/import_command.ts")).importCommand(program.command("import"));
  },
  integrations: async (program) => {
    const { integrationsCommand } = await import("#agent/integrations/integrations_command.ts");
    integrationsCommand(program.command("integrations"));
  },
  storage: async (program) => {
    const { storageCommand } = await import("#aggregator/commands/storage/storage_command.ts");
    storageCommand(program.command("storage"));
  },
  fleet: async (program) => {
    const { fleetCommand } = await import("#aggregator/commands/fleet/fleet_command.ts");
    fleetCommand(program.command("fleet"), checkDocument);
  },
  version: async (program) => {
    await Promise.resolve();
    program
      .command("version")
      .description("print the version")
      .action(() => console.log(version));
  },
};

/** The command line. `args` are those behind the program's name: the code of the command that they name is loaded, or of all of them. */
export async function lapwingCommand(args: readonly string[]): Promise<Command> {
  const program = new Command("lapwing")
    .description(
      "Observability done at the edge: metrics and logs of your machines, as plain Parquet.",
    )
    .version(version, "-v, --version", "print the version")
    .showHelpAfterError("(see --help)");
  const [name = ""] = args;
  // All of it takes half a second, and hosts with an agent alone 30 MB of memory.
  const asked = Object.hasOwn(commands, name) ? [name] : Object.keys(commands);
  // One after another, as --help lists them.
  for (const each of asked) await commands[each]?.(program);
  return program;
}

/** Runs what this process was started with. */
export async function runCommandLine(): Promise<void> {
  ignoreBrokenPipes();
  try {
    await (await lapwingCommand(process.argv.slice(2))).parseAsync();
  } catch (thrown) {
    if (isBrokenPipe(thrown)) return;
    const message = messageOf(thrown);
    console.error(process.stderr.isTTY ? `\u001b[31m${message}\u001b[0m` : message);
    process.exitCode = 1;
  }
}
