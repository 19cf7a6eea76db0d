import { readFile } from "node:fs/promises";
import type { Command } from "commander";
import { z } from "zod";
import { OperatingError, messageOf } from "#shared/errors.ts";
import { systemClock } from "#shared/runtime/clock.ts";
import type { ConfigFlags } from "#shared/runtime/config/config_file.ts";
import { silentLogger } from "#shared/runtime/log.ts";
import { configFlags } from "#shared/runtime/role_command.ts";
import { textTable } from "#shared/text/text_table.ts";
import type { Catalog } from "../../catalog/catalog.ts";
import type { AggregatorConfig } from "../../config/config.ts";
import { Agents } from "../../fleet/agents.ts";
import { by, withinCatalog } from "./within_catalog.ts";
import type { WrittenPlan } from "../../fleet/rollout/plan.ts";
import {
  type RolloutCommand,
  commandRollout,
  createRollout,
} from "../../fleet/rollout/rollouts.ts";
import { audienceText } from "../../fleet/configuration/audience.ts";
import {
  type CheckDocument,
  changeGroup,
  configurationKind,
  putConfiguration,
  readConfiguration,
} from "../../fleet/configuration/configurations.ts";
import {
  type FleetView,
  agentDifference,
  differenceOf,
  readFleetView,
} from "../../fleet/configuration/fleet_view.ts";

type PutFlags = ConfigFlags & {
  readonly file: string;
  readonly labels?: string;
  readonly group: readonly string[];
  readonly agent: readonly string[];
  readonly all?: boolean;
  readonly priority?: string;
};
type RolloutFlags = ConfigFlags & {
  readonly revision?: string;
  readonly stages?: string;
  readonly soak?: string;
  readonly applyTimeout?: string;
  readonly grace?: string;
  readonly failuresMax?: string;
  readonly failingMoreMax?: string;
};
type DiffFlags = ConfigFlags & {
  readonly from?: string;
  readonly to?: string;
  readonly agent?: string;
};

const commands: Readonly<Record<RolloutCommand, string>> = {
  pause: "begin no further stage; failures still roll back",
  resume: "go on",
  rollback: "give everybody what they had before, at once",
};

/** `lapwing fleet config|group`: works on the catalog, beside an aggregator that runs and carries out what is said there. */
export function configurationCommand(fleet: Command, check: CheckDocument): void {
  const command = fleet
    .command("config")
    .description("what agents collect, as the aggregator wants it: revisions and their rollouts");
  configFlags(command.command("list").description("tell all configurations")).action(list);
  configFlags(command.command("show").description("print a revision, the newest unless told"))
    .argument("<name>")
    .option("--revision <number>", "which")
    .action(async (name: string, flags: ConfigFlags & { revision?: string }) => {
      const found = await withinCatalog(flags, (catalog, { tenant }) =>
        readConfiguration(catalog, { tenant, name, revision: flags.revision }),
      );
      process.stdout.write(found.text.endsWith("\n") ? found.text : `${found.text}\n`);
    });
  command
    .command("check")
    .description("tell all mistakes of a file, without keeping it")
    .argument("<file>", "YAML, or - for standard input")
    .action(async (file: string) => {
      tellPrograms((await check(file, await textOf(file))).programs);
      console.log(`${file}: ok`);
    });
  configFlags(command.command("put").description("check a file, and keep it as a new revision"))
    .argument("<name>")
    .requiredOption("--file <file>", "YAML, or - for standard input")
    .option("--labels <selector>", 'for agents with these labels, such as {site="north"}')
    .option("--group <name>", "for members of this group; repeatable", collect, [])
    .option("--agent <id>", "for this agent, by id or name; repeatable", collect, [])
    .option("--all", "for all agents; without any of these: for whom it was before")
    .option("--priority <number>", "wins over those with a lower one (default: as before, or 0)")
    .action((name: string, flags: PutFlags) => put(name, flags, check));
  configFlags(
    command
      .command("diff")
      .description("tell how revisions differ, or an agent from what it is to run"),
  )
    .argument("[name]")
    .option("--from <number>", "the one that is current unless told")
    .option("--to <number>", "the newest unless told")
    .option("--agent <id>", "by id or name: from what it runs to what it is to run")
    .action(diff);
  rolloutCommands(command);
  groupCommand(fleet);
}

function rolloutCommands(command: Command): void {
  configFlags(command.command("rollout").description("bring a revision to its agents, by stages"))
    .argument("<name>")
    .option("--revision <number>", "the newest unless told")
    .option(
      "--stages <list>",
      'how many have it after each stage, such as "1,10%,50%"; "" for all at once',
    )
    .option("--soak <duration>", "how long a stage must be well (default 5m)")
    .option("--apply-timeout <duration>", "how long an agent may take for it (default 5m)")
    .option("--grace <duration>", "how long an agent may be worse than before (default 30s)")
    .option("--failures-max <number>", "how many agents may fail (default 0)")
    .option(
      "--failing-more-max <number>",
      "how many more sources and targets of an agent may fail (default 0)",
    )
    .action(rollout);
  for (const name of ["pause", "resume", "rollback"] as const)
    configFlags(command.command(name).description(commands[name]))
      .argument("<name>", "of the configuration")
      .action(async (configuration: string, flags: ConfigFlags) => {
        const changed = await withinCatalog(flags, (catalog, { tenant }) => {
          const release = { tenant, kind: configurationKind, name: configuration };
          return commandRollout(catalog, release, name, by());
        });
        console.log(`rollout ${changed.id} of ${configuration} is ${changed.state}`);
      });
  configFlags(
    command.command("status").description("tell who runs what, and how rollouts go"),
  ).action(status);
}

function groupCommand(fleet: Command): void {
  const group = fleet.command("group").description("agents that are configured alike");
  for (const change of ["add", "remove"] as const)
    configFlags(group.command(change).description(`${change} agents, by id`))
      .argument("<group>")
      .argument("<agent...>")
      .action(async (name: string, agents: string[], flags: ConfigFlags) => {
        await withinCatalog(flags, (catalog, { tenant }) =>
          changeGroup(catalog, { tenant, name, agents }, change, by()),
        );
        console.log(`group ${name}: ${change} ${agents.join(" ")}`);
      });
  configFlags(group.command("list").description("tell groups and their members")).action(
    async (flags: ConfigFlags) => {
      const { groups } = await view(flags);
      const rows = [...groups].map(([name, members]) => [name, [...members].join(" ")]);
      process.stdout.write(textTable([["GROUP", "AGENTS"], ...rows]));
    },
  );
}

async function list(flags: ConfigFlags): Promise<void> {
  const { configurations, rollouts } = await view(flags);
  const rows = configurations.map(({ name, revision, current, priority, audience }) => {
    const own = rollouts.find(({ rollout: { name: of } }) => of === name)?.rollout;
    const state = own === undefined ? "never rolled out" : `${own.revision} ${own.state}`;
    return [name, revision, current ?? "none", String(priority), state, audienceText(audience)];
  });
  const head = ["NAME", "NEWEST", "CURRENT", "PRIORITY", "ROLLOUT", "FOR"];
  process.stdout.write(textTable([head, ...rows]));
}

async function put(name: string, flags: PutFlags, check: CheckDocument): Promise<void> {
  const text = await textOf(flags.file);
  tellPrograms((await check(flags.file, text)).programs);
  const { labels, group, agent, all, priority } = flags;
  const isGiven = labels !== undefined || group.length > 0 || agent.length > 0 || all === true;
  if (all === true && (labels !== undefined || group.length > 0 || agent.length > 0))
    throw new OperatingError("bad_request", "--all and conditions exclude each other");
  const { configuration, isNew } = await withinCatalog(flags, async (catalog, { tenant }) => {
    const before = await readConfiguration(catalog, { tenant, name }).catch(absent);
    const given = {
      ...(labels !== undefined && { labels }),
      ...(group.length > 0 && { groups: [...group] }),
      ...(agent.length > 0 && { agents: [...agent] }),
    };
    const audience = isGiven ? given : (before?.audience ?? {});
    const made = {
      tenant,
      name,
      text,
      audience,
      priority: priority === undefined ? (before?.priority ?? 0) : numberOf("--priority", priority),
    };
    return putConfiguration(catalog, made, by());
  });
  const { revision, audience } = configuration;
  console.log(
    isNew
      ? `${name} revision ${revision} is kept, for ${audienceText(audience)}; it goes out by: lapwing fleet config rollout ${name}`
      : `${name} revision ${revision} is the same already`,
  );
}

async function diff(name: string | undefined, flags: DiffFlags): Promise<void> {
  const text = await withinCatalog(flags, async (catalog, config) => {
    const { tenant } = config;
    const seen = await viewOf(catalog, config);
    if (flags.agent !== undefined) {
      const found = seen.agents.find(
        (each) => each.agent === flags.agent || each.name === flags.agent,
      );
      if (found === undefined)
        throw new OperatingError("not_found", `there is no agent "${flags.agent}"`);
      return agentDifference(catalog, tenant, found);
    }
    if (name === undefined)
      throw new OperatingError("bad_request", "a configuration's name or --agent is needed");
    const from = flags.from ?? seen.configurations.find((each) => each.name === name)?.current;
    const read = (revision: string | undefined) =>
      readConfiguration(catalog, { tenant, name, revision });
    return differenceOf(from === undefined ? undefined : await read(from), await read(flags.to));
  });
  process.stdout.write(text === "" ? "no difference\n" : text);
}

async function rollout(name: string, flags: RolloutFlags): Promise<void> {
  const { stages, soak, applyTimeout, grace, failuresMax, failingMoreMax } = flags;
  const plan: z.input<typeof WrittenPlan> = {
    ...(stages !== undefined && { stages: stages.split(",").filter((each) => each !== "") }),
    ...(soak !== undefined && { soak }),
    ...(applyTimeout !== undefined && { apply_timeout: applyTimeout }),
    ...(grace !== undefined && { grace }),
    ...(failuresMax !== undefined && { failures_max: numberOf("--failures-max", failuresMax) }),
    ...(failingMoreMax !== undefined && {
      failing_more_max: numberOf("--failing-more-max", failingMoreMax),
    }),
  };
  const made = await withinCatalog(flags, async (catalog, { tenant }) => {
    const { revision } = await readConfiguration(catalog, {
      tenant,
      name,
      revision: flags.revision,
    });
    return createRollout(catalog, { tenant, kind: configurationKind, name, revision }, plan, by());
  });
  console.log(
    `rollout ${made.id} of ${name} revision ${made.revision} begins; lapwing fleet config status tells how it goes`,
  );
}

async function status(flags: ConfigFlags): Promise<void> {
  const { agents, rollouts } = await view(flags);
  const moving = rollouts.map(({ rollout: one, agents: own }) => {
    const counts = Map.groupBy(own, ({ state }) => state);
    const shares = [...counts].map(([state, all]) => `${all.length} ${state}`).join(", ");
    const { id, name, revision, state, stage, plan, reason } = one;
    return [
      id,
      name,
      revision,
      state,
      `${stage + 1} of ${plan.stages.length + 1}`,
      shares || "-",
      reason,
    ];
  });
  const rolloutHead = ["ROLLOUT", "NAME", "REVISION", "STATE", "STAGE", "AGENTS", "REASON"];
  if (moving.length > 0) process.stdout.write(`${textTable([rolloutHead, ...moving])}\n`);
  const rows = agents.map((each) => [
    each.agent,
    each.name,
    each.status,
    each.source,
    each.state,
    layersOf(each.wanted),
    layersOf(each.running),
    each.reason.split("\n")[0] ?? "",
  ]);
  const head = ["AGENT", "NAME", "STATUS", "SOURCE", "STATE", "WANTED", "RUNNING", "REASON"];
  process.stdout.write(textTable([head, ...rows]));
}

function layersOf(layers: readonly { readonly name: string; readonly revision: string }[]): string {
  return layers.map(({ name, revision }) => `${name} ${revision}`).join(", ") || "-";
}

function view(flags: ConfigFlags): Promise<FleetView> {
  return withinCatalog(flags, viewOf);
}

/** Of agents it knows what the catalog does: heartbeats of up to half a minute ago. */
async function viewOf(catalog: Catalog, { tenant, fleet }: AggregatorConfig): Promise<FleetView> {
  const archive = {
    listAgents: () => catalog.agents(),
    // Nothing is heard here.
    saveAgent: () => Promise.resolve(),
    removeAgent: () => Promise.resolve(),
  };
  // The catalog is told of an agent every half minute only.
  const times = {
    silentAfterMs: fleet.silent_after + 35_000,
    forgetAfterMs: fleet.forget_after,
  };
  const agents = await Agents.open(archive, times, {
    clock: systemClock,
    isClockTrusted: () => false,
    log: silentLogger,
  });
  return readFleetView(catalog, tenant, {
    agents: agents.list(tenant),
    isLive: (agent) => agents.isLive(agent),
  });
}

async function textOf(file: string): Promise<string> {
  try {
    return file === "-" ? await Bun.stdin.text() : await readFile(file, "utf8");
  } catch (cause) {
    throw new OperatingError("bad_request", `${file} can't be read: ${messageOf(cause)}`, {
      cause,
    });
  }
}

function tellPrograms(programs: readonly string[]): void {
  if (programs.length === 0) return;
  const where = programs.join(", ");
  console.error(
    `note: it has hosts run programs (${where}): only those with fleet.allow_commands take it`,
  );
}

function absent(thrown: unknown): undefined {
  if (thrown instanceof OperatingError && thrown.code === "not_found") return undefined;
  throw thrown;
}

function numberOf(flag: string, text: string): number {
  if (/^-?\d{1,7}$/.test(text)) return Number(text);
  throw new OperatingError("bad_request", `${flag} is "${text}": expected a whole number`);
}

function collect(value: string, before: readonly string[]): string[] {
  return [...before, value];
}
