import { mkdir } from "node:fs/promises";
import { userInfo } from "node:os";
import { join, resolve } from "node:path";
import type { Command } from "commander";
import { OperatingError, messageOf } from "#shared/errors.ts";
import { type ConfigFlags, loadConfig } from "#shared/runtime/config_file.ts";
import { configFlags } from "#shared/runtime/role_command.ts";
import { parseDuration } from "#shared/text/duration.ts";
import { textTable } from "#shared/text/text_table.ts";
import { AggregatorFile } from "../aggregator_file.ts";
import type { AggregatorConfig } from "../config.ts";
import { Catalog } from "../store/catalog.ts";
import { holdCatalog } from "../store/catalog_hold.ts";
import { catalogUrl } from "../store/open_store.ts";
import { enrolledAgents, revokeAgent, revokedKeys } from "./enrolments.ts";
import { makeOperatorKeys, readOperatorKeys } from "./operator_keys.ts";
import { pushRevocations } from "./revocations.ts";
import { type TokenRow, createToken, listTokens, revokeToken } from "./tokens.ts";

type CreateFlags = ConfigFlags & {
  readonly ttl: string;
  readonly uses: string;
  readonly label: readonly string[];
};

const labelShape = /^([a-zA-Z_][a-zA-Z0-9_]*)=(.*)$/;
const ttlMaxMs = 365 * 86_400_000;
const usesMaxMax = 100_000;

/** `lapwing fleet init|token|agents|revoke`: works on the catalog of a configuration directly, beside an aggregator that runs. */
export function fleetCommand(command: Command): void {
  command.description("credentials of agents: keys, tokens, who is enrolled, revocation");
  command
    .command("init")
    .description("make the keys of an operator for nats-server, once")
    .requiredOption("--keys <folder>", "where to (then set fleet.keys to it)")
    .option("--resolver-dir <folder>", "where nats-server keeps accounts", "./jwt")
    .action(async ({ keys, resolverDir }: { keys: string; resolverDir: string }) => {
      await makeOperatorKeys(resolve(keys), resolverDir);
      console.log(`keys are in ${resolve(keys)}; nats-server.conf there is for nats-server`);
    });
  const token = command.command("token").description("what hosts enrol with");
  configFlags(token.command("create").description("print a new token; it is shown this once"))
    .option("--ttl <duration>", "how long it can be used", "1h")
    .option("--uses <number>", "how many agents it enrols", "1")
    .option("--label <name=value>", "put on all that these agents collect; repeatable", collect, [])
    .action(create);
  configFlags(token.command("list").description("tell all tokens, without their secrets")).action(
    list,
  );
  configFlags(token.command("revoke").description("make a token useless; agents stay"))
    .argument("<id>", "as list tells it")
    .action(async (id: string, flags: ConfigFlags) => {
      const isDone = await within(flags, (catalog, { tenant }) =>
        revokeToken(catalog, { tenant, id }, by()),
      );
      if (!isDone) throw new OperatingError("not_found", `there is no token "${id}" in force`);
      console.log(`token ${id} is revoked`);
    });
  configFlags(command.command("agents").description("tell the agents that are enrolled")).action(
    agents,
  );
  configFlags(command.command("revoke").description("cut an agent off, at once and for good"))
    .argument("<agent>", "its id, as `agents` tells it")
    .action(revoke);
}

function collect(value: string, before: readonly string[]): string[] {
  return [...before, value];
}

async function create(flags: CreateFlags): Promise<void> {
  const ttlMs = parseDuration(flags.ttl) ?? 0;
  if (ttlMs <= 0 || ttlMs > ttlMaxMs) throw flagError("--ttl", flags.ttl, "1ms to 1y, such as 1h");
  const usesMax = /^\d+$/.test(flags.uses) ? Number(flags.uses) : 0;
  if (usesMax < 1 || usesMax > usesMaxMax)
    throw flagError("--uses", flags.uses, `1 to ${usesMaxMax}`);
  const labels = Object.fromEntries(
    flags.label.map((text) => {
      const [, name = "", value = ""] = labelShape.exec(text) ?? [];
      if (name === "") throw flagError("--label", text, "name=value");
      return [name, value];
    }),
  );
  const made = await within(flags, (catalog, { tenant }) =>
    createToken(catalog, { tenant, labels, ttlMs, usesMax }, by()),
  );
  console.log(made);
}

async function list(flags: ConfigFlags): Promise<void> {
  const tokens = await within(flags, (catalog, { tenant }) => listTokens(catalog, tenant));
  const rows = tokens.map((each) => [
    each.id,
    stateOf(each, Date.now()),
    `${each.uses} of ${each.usesMax}`,
    timeOf(each.expiresMs),
    Object.entries(each.labels)
      .map(([name, value]) => `${name}=${value}`)
      .join(","),
  ]);
  process.stdout.write(textTable([["TOKEN", "STATE", "USES", "EXPIRES", "LABELS"], ...rows]));
}

function stateOf({ revokedMs, expiresMs, uses, usesMax }: TokenRow, nowMs: number): string {
  if (revokedMs !== undefined) return "revoked";
  if (expiresMs <= nowMs) return "expired";
  return uses < usesMax ? "in force" : "used up";
}

async function agents(flags: ConfigFlags): Promise<void> {
  const all = await within(flags, (catalog, { tenant }) => enrolledAgents(catalog, tenant));
  const rows = all.map((each) => [
    each.agent,
    each.name,
    each.revokedMs === undefined ? "enrolled" : `revoked ${timeOf(each.revokedMs)}`,
    timeOf(each.enrolledMs),
    each.lastSeenMs === undefined ? "never" : timeOf(each.lastSeenMs),
    each.token,
  ]);
  const head = ["AGENT", "NAME", "STATE", "ENROLLED", "LAST SEEN", "TOKEN"];
  process.stdout.write(textTable([head, ...rows]));
}

/** The catalog first, so that what NATS was not told is told the next time. */
async function revoke(agent: string, flags: ConfigFlags): Promise<void> {
  await within(flags, async (catalog, { tenant, fleet, nats }) => {
    if (fleet.keys === undefined)
      throw new OperatingError("bad_request", "fleet.keys is not set: expected the keys' folder");
    const keys = await readOperatorKeys(fleet.keys);
    if (!(await revokeAgent(catalog, { tenant, agent }, by())))
      throw new OperatingError("not_found", `there is no enrolled agent "${agent}"`);
    try {
      await pushRevocations(nats, keys, await revokedKeys(catalog));
    } catch (cause) {
      const message = `${agent} is not cut off yet, run this again: ${messageOf(cause)}`;
      throw new OperatingError("unavailable", message, { cause });
    }
  });
  console.log(`agent ${agent} is revoked, and cut off`);
}

function timeOf(ms: number): string {
  return new Date(ms).toISOString();
}

function by() {
  return { actor: `${userInfo().username} (command line)`, nowMs: Date.now() };
}

async function within<Result>(
  flags: ConfigFlags,
  action: (catalog: Catalog, config: AggregatorConfig) => Promise<Result>,
): Promise<Result> {
  const config = await loadConfig(AggregatorFile, flags);
  const folder = resolve(join(config.data_dir, "aggregator"));
  const url = catalogUrl(config.storage, folder);
  await mkdir(folder, { recursive: true });
  const hold = await holdCatalog(url, "shared");
  try {
    const catalog = await Catalog.open(url);
    try {
      return await action(catalog, config);
    } finally {
      await catalog.close();
    }
  } finally {
    await hold.release();
  }
}

function flagError(flag: string, value: string, expected: string): OperatingError {
  return new OperatingError("bad_request", `${flag} is "${value}": expected ${expected}`);
}
