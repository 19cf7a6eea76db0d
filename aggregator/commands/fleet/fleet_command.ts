import { resolve } from "node:path";
import type { Command } from "commander";
import { OperatingError, messageOf } from "#shared/errors.ts";
import type { ConfigFlags } from "#shared/runtime/config/config_file.ts";
import { configFlags } from "#shared/runtime/role_command.ts";
import { parseDuration } from "#shared/text/duration.ts";
import { textTable } from "#shared/text/text_table.ts";
import type { AggregatorConfig } from "../../config/config.ts";
import { configurationCommand } from "./configuration_command.ts";
import type { CheckDocument } from "../../fleet/configuration/configurations.ts";
import { type EnrolledAgent, enrolledAgents, revokeAgent } from "../../fleet/enrolments.ts";
import { makeOperatorKeys, readOperatorKeys } from "../../fleet/operator_keys.ts";
import { pushRevocations } from "../../fleet/revocations.ts";
import {
  agentsOfOtherSigners,
  beginSigningKey,
  finishSigningKey,
} from "../../fleet/signing_key.ts";
import {
  type TokenRow,
  createToken,
  listTokens,
  revokeToken,
  tokenLimits,
} from "../../fleet/tokens.ts";
import { releaseCommand } from "./release_command.ts";
import { by, withinCatalog } from "./within_catalog.ts";

type CreateFlags = ConfigFlags & {
  readonly ttl: string;
  readonly uses: string;
  readonly label: readonly string[];
};

const labelShape = /^([a-zA-Z_][a-zA-Z0-9_]*)=(.*)$/;
/** Agents that a mistake names. */
const namesMax = 10;

/** `lapwing fleet init|token|agents|revoke|rotate-signing-key|release`: works on the catalog of a configuration directly, beside an aggregator that runs. */
export function fleetCommand(command: Command, check: CheckDocument): void {
  command.description("agents: their credentials, what they collect, and their releases");
  configurationCommand(command, check);
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
      const isDone = await withinCatalog(flags, (catalog, { tenant }) =>
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
  configFlags(
    command
      .command("rotate-signing-key")
      .description("exchange the key that signs agents; then, when all have renewed, --finish"),
  )
    .option("--finish", "nats-server forgets the old key")
    .option("--force", "with --finish: also where that cuts agents off")
    .action(rotateSigningKey);
  releaseCommand(command.command("release"));
}

function collect(value: string, before: readonly string[]): string[] {
  return [...before, value];
}

async function create(flags: CreateFlags): Promise<void> {
  const ttlMs = parseDuration(flags.ttl) ?? 0;
  if (ttlMs <= 0 || ttlMs > tokenLimits.ttlMaxMs)
    throw flagError("--ttl", flags.ttl, "1ms to 1y, such as 1h");
  const usesMax = /^\d+$/.test(flags.uses) ? Number(flags.uses) : 0;
  if (usesMax < 1 || usesMax > tokenLimits.usesMax)
    throw flagError("--uses", flags.uses, `1 to ${tokenLimits.usesMax}`);
  const labels = Object.fromEntries(
    flags.label.map((text) => {
      const [, name = "", value = ""] = labelShape.exec(text) ?? [];
      if (name === "") throw flagError("--label", text, "name=value");
      return [name, value];
    }),
  );
  const made = await withinCatalog(flags, (catalog, { tenant }) =>
    createToken(catalog, { tenant, labels, ttlMs, usesMax }, by()),
  );
  console.log(made);
}

async function list(flags: ConfigFlags): Promise<void> {
  const tokens = await withinCatalog(flags, (catalog, { tenant }) => listTokens(catalog, tenant));
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
  const all = await withinCatalog(flags, (catalog, { tenant }) => enrolledAgents(catalog, tenant));
  const rows = all.map((each) => [
    each.agent,
    each.name,
    agentState(each, Date.now()),
    timeOf(each.enrolledMs),
    each.expiresMs === undefined ? "never" : timeOf(each.expiresMs),
    each.lastSeenMs === undefined ? "never" : timeOf(each.lastSeenMs),
    each.token,
  ]);
  const head = ["AGENT", "NAME", "STATE", "KEY SINCE", "EXPIRES", "LAST SEEN", "TOKEN"];
  process.stdout.write(textTable([head, ...rows]));
}

function agentState(agent: EnrolledAgent, nowMs: number): string {
  const { revokedMs, expiresMs, isRevocationSent } = agent;
  if (revokedMs === undefined)
    return (expiresMs ?? Number.POSITIVE_INFINITY) > nowMs ? "enrolled" : "expired";
  return `revoked ${timeOf(revokedMs)}${isRevocationSent ? "" : " (unsent)"}`;
}

/** The catalog first, so that what NATS was not told is told the next time. */
async function revoke(agent: string, flags: ConfigFlags): Promise<void> {
  await withinCatalog(flags, async (catalog, { tenant, fleet, nats }) => {
    const keys = await readOperatorKeys(keysFolderOf(fleet));
    if (!(await revokeAgent(catalog, { tenant, agent }, by())))
      throw new OperatingError("not_found", `there is no enrolled agent "${agent}"`);
    try {
      // The command does not know whether its clock is right: expired keys are the aggregator's to remove.
      await pushRevocations(nats, keys, catalog, { nowMs: Date.now(), isClockTrusted: false });
    } catch (cause) {
      const message = `${agent} is not cut off yet: ${messageOf(cause)}; a running aggregator tries again, and so does this command`;
      throw new OperatingError("unavailable", message, { cause });
    }
  });
  console.log(`agent ${agent} is revoked, and cut off`);
}

async function rotateSigningKey(
  flags: ConfigFlags & { readonly finish?: boolean; readonly force?: boolean },
): Promise<void> {
  const told = await withinCatalog(flags, async (catalog, { fleet, nats }) => {
    const folder = keysFolderOf(fleet);
    const keys = await readOperatorKeys(folder);
    if (flags.finish !== true) {
      await beginSigningKey(nats, folder, keys);
      return "agents are signed by a new key; the aggregator asks them to renew. Then run this with --finish";
    }
    const asked = { signer: keys.signing.getPublicKey(), nowMs: Date.now() };
    const left = await agentsOfOtherSigners(catalog, asked);
    if (left.length > 0 && flags.force !== true) {
      const names = left.slice(0, namesMax).map(({ agent, name }) => `${agent} (${name})`);
      const message = `${left.length} agents have not renewed yet: ${names.join(", ")}`;
      throw new OperatingError("bad_request", `${message}; --force cuts them off`);
    }
    await finishSigningKey(nats, keys);
    return "nats-server knows the new key alone";
  });
  console.log(told);
}

function keysFolderOf({ keys }: AggregatorConfig["fleet"]): string {
  if (keys !== undefined) return keys;
  throw new OperatingError("bad_request", "fleet.keys is not set: expected the keys' folder");
}

function timeOf(ms: number): string {
  return new Date(ms).toISOString();
}

function flagError(flag: string, value: string, expected: string): OperatingError {
  return new OperatingError("bad_request", `${flag} is "${value}": expected ${expected}`);
}
