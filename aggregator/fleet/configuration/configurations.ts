import type { SQL } from "bun";
import { z } from "zod";
import { OperatingError } from "#shared/errors.ts";
import { count } from "../../catalog/catalog_count.ts";
import { insertAudit } from "../../catalog/catalog_writes.ts";
import type { By, Transactions } from "../rollout/rollouts.ts";
import { Audience, type Groups, compileAudience } from "./audience.ts";

/** The kind of its rollouts. */
export const configurationKind = "configuration";

/** One revision of a configuration. Revisions of a name count from 1 and are never changed. */
export type Configuration = {
  readonly name: string;
  readonly revision: string;
  /** YAML: what agents collect. */
  readonly text: string;
  readonly audience: Audience;
  /** Of several that are for one agent, the one with the higher priority wins; of equals the one that is later in the alphabet. */
  readonly priority: number;
  readonly author: string;
  readonly createdMs: number;
};

/**
 * Finds the mistakes of a configuration, which only the agent's own schema knows; handed in, because aggregator and agent know nothing of each other.
 * Throws ConfigError; tells the keys of programs that hosts would run.
 */
export type CheckDocument = (
  name: string,
  text: string,
) => Promise<{ readonly programs: readonly string[] }>;

/** A text is so long at most, in characters; what agents get of several together is bounded where it is put together. */
const textCharactersMax = 256 * 1_024;
const namesMax = 200;
const revisionsMax = 1_000;
const nameShape = /^[a-z0-9][a-z0-9_-]{0,62}$/;

/**
 * Keeps a new revision; it goes nowhere before it is rolled out. One that is equal to the newest is that. The text must have been checked. Throws
 * OperatingError "bad_request".
 */
export async function putConfiguration(
  catalog: Transactions,
  {
    tenant,
    name,
    text,
    audience,
    priority,
  }: Omit<Configuration, "revision" | "author" | "createdMs"> & {
    readonly tenant: string;
  },
  { actor, nowMs }: By,
): Promise<{ readonly configuration: Configuration; readonly isNew: boolean }> {
  if (!nameShape.test(name)) throw bad(`name is "${name}": expected a-z 0-9 _ -, 63 at most`);
  if (text.length > textCharactersMax)
    throw bad(`the text has ${text.length} characters: expected ${textCharactersMax} at most`);
  if (!Number.isSafeInteger(priority) || Math.abs(priority) > 1e6)
    throw bad(`priority is ${priority}: expected a whole number`);
  compileAudience(audience);
  return catalog.transaction("keep a configuration", async (sql) => {
    const all = await newest(sql, tenant);
    const before = all.find((each) => each.name === name);
    if (before === undefined && all.length >= namesMax)
      throw bad(`there are ${namesMax} configurations: expected no more`);
    const made = { name, text, audience, priority };
    if (before !== undefined && isSame(before, made))
      return { configuration: before, isNew: false };
    const revision = Number(before?.revision ?? 0) + 1;
    const of = JSON.stringify(audience);
    await sql`INSERT INTO fleet_configurations
      (tenant, name, revision, text, audience, priority, author, created_ms)
      VALUES (${tenant}, ${name}, ${revision}, ${text}, ${of}, ${priority}, ${actor}, ${nowMs})`;
    await forgetOld(sql, { tenant, name, revision });
    const detail = JSON.stringify({ name, revision, audience, priority });
    const entry = { atMs: nowMs, tenant, actor, action: "put_configuration", detail };
    await insertAudit(sql, Bun.randomUUIDv7(), entry);
    const configuration = { ...made, revision: String(revision), author: actor, createdMs: nowMs };
    return { configuration, isNew: true };
  });
}

/** The newest revision of each, by name. */
export function listConfigurations(
  catalog: Transactions,
  tenant: string,
): Promise<Configuration[]> {
  return catalog.transaction("read configurations", (sql) => newest(sql, tenant));
}

/** The newest where no revision is given. Throws OperatingError "not_found". */
export async function readConfiguration(
  catalog: Transactions,
  { tenant, name, revision }: { tenant: string; name: string; revision?: string | undefined },
): Promise<Configuration> {
  return catalog.transaction("read a configuration", async (sql) => {
    const number = revision === undefined ? Number.MAX_SAFE_INTEGER : numberOf(revision);
    const rows = await sql`SELECT * FROM fleet_configurations
      WHERE tenant = ${tenant} AND name = ${name} AND revision <= ${number}
      ORDER BY revision DESC LIMIT 1`;
    const [found] = z.array(Row).parse([...rows]);
    if (found === undefined || (revision !== undefined && found.revision !== revision))
      throw new OperatingError(
        "not_found",
        `there is no ${revision === undefined ? "" : `revision ${revision} of `}configuration "${name}"`,
      );
    return found;
  });
}

/** All groups that have members. */
export function readGroups(catalog: Transactions, tenant: string): Promise<Groups> {
  return catalog.transaction("read groups", async (sql) => {
    const rows = await sql`SELECT name, agent FROM fleet_groups WHERE tenant = ${tenant}
      ORDER BY name, agent`;
    const groups = new Map<string, Set<string>>();
    for (const { name, agent } of z.array(MemberRow).parse([...rows])) {
      const members = groups.get(name) ?? new Set();
      groups.set(name, members.add(agent));
    }
    return groups;
  });
}

/** Puts agents into a group, or takes them out. What is current for the group is theirs at once: only new revisions go by stages. */
export async function changeGroup(
  catalog: Transactions,
  { tenant, name, agents }: { tenant: string; name: string; agents: readonly string[] },
  change: "add" | "remove",
  { actor, nowMs }: By,
): Promise<void> {
  if (!nameShape.test(name)) throw bad(`group is "${name}": expected a-z 0-9 _ -, 63 at most`);
  await catalog.transaction("change a group", async (sql) => {
    for (const agent of agents)
      if (change === "add")
        await sql`INSERT INTO fleet_groups (tenant, name, agent)
          VALUES (${tenant}, ${name}, ${agent}) ON CONFLICT (tenant, name, agent) DO NOTHING`;
      else
        await sql`DELETE FROM fleet_groups
          WHERE tenant = ${tenant} AND name = ${name} AND agent = ${agent}`;
    const detail = JSON.stringify({ group: name, agents });
    const entry = { atMs: nowMs, tenant, actor, action: `${change}_group_members`, detail };
    await insertAudit(sql, Bun.randomUUIDv7(), entry);
  });
}

async function newest(sql: SQL, tenant: string): Promise<Configuration[]> {
  const rows = await sql`SELECT * FROM fleet_configurations AS one WHERE tenant = ${tenant}
    AND revision = (SELECT max(revision) FROM fleet_configurations AS other
      WHERE other.tenant = one.tenant AND other.name = one.name) ORDER BY name`;
  return z.array(Row).parse([...rows]);
}

/** Not those that agents have, or may go back to. */
async function forgetOld(sql: SQL, of: { tenant: string; name: string; revision: number }) {
  const { tenant, name, revision } = of;
  await sql`DELETE FROM fleet_configurations
    WHERE tenant = ${tenant} AND name = ${name} AND revision <= ${revision - revisionsMax}
    AND CAST(revision AS TEXT) NOT IN (SELECT revision FROM rollouts
      WHERE tenant = ${tenant} AND kind = ${configurationKind} AND name = ${name})
    AND CAST(revision AS TEXT) NOT IN (SELECT revision FROM fleet_current
      WHERE tenant = ${tenant} AND kind = ${configurationKind} AND name = ${name})`;
}

function isSame(a: Configuration, b: Pick<Configuration, "text" | "audience" | "priority">) {
  return a.text === b.text && a.priority === b.priority && Bun.deepEquals(a.audience, b.audience);
}

function numberOf(revision: string): number {
  if (/^\d{1,9}$/.test(revision)) return Number(revision);
  throw bad(`revision is "${revision}": expected a number`);
}

function bad(message: string): OperatingError {
  return new OperatingError("bad_request", message);
}

const MemberRow = z.object({ name: z.string(), agent: z.string() });
const Row = z
  .object({
    name: z.string(),
    revision: count,
    text: z.string(),
    audience: z.string().transform((text) => Audience.parse(JSON.parse(text))),
    priority: count,
    author: z.string(),
    created_ms: count,
  })
  .transform(({ created_ms: createdMs, revision, ...row }): Configuration => ({
    ...row,
    revision: String(revision),
    createdMs,
  }));
