import type { SQL } from "bun";
import { z } from "zod";
import { OperatingError } from "#shared/errors.ts";
import type { Catalog } from "../../catalog/catalog.ts";
import { insertAudit } from "../../catalog/catalog_writes.ts";
import { inState } from "./advance.ts";
import { WrittenPlan } from "./plan.ts";
import type { Rollout, RolloutAgent } from "./rollout.ts";
import { RolloutAgentRow, RolloutRow } from "./rollout_rows.ts";

export type Transactions = Pick<Catalog, "transaction">;
export type By = { readonly actor: string; readonly nowMs: number };
/** What a rollout is about. */
export type Release = { readonly tenant: string; readonly kind: string; readonly name: string };

/** Of each release so many rollouts are remembered. */
const keptMax = 100;
const active = ["queued", "running", "paused", "rolling_back"] as const;

/**
 * Puts a rollout in the queue; the aggregator begins it when no other of its kind is under way. Throws OperatingError "bad_request" for a plan
 * that is none, and where this release has a rollout that has not ended.
 */
export async function createRollout(
  catalog: Transactions,
  { tenant, kind, name, revision }: Release & { readonly revision: string },
  plan: z.input<typeof WrittenPlan>,
  { actor, nowMs }: By,
): Promise<Rollout> {
  const read = WrittenPlan.safeParse(plan);
  if (!read.success) throw new OperatingError("bad_request", z.prettifyError(read.error));
  return catalog.transaction("create a rollout", async (sql) => {
    const before = await rowsOf(sql, { tenant, kind, name });
    const open = before.find(({ endedMs }) => endedMs === undefined);
    if (open !== undefined)
      throw new OperatingError(
        "bad_request",
        `rollout ${open.id} of "${name}" is ${open.state}: roll it back first, or wait for its end`,
      );
    for (const { id } of before.slice(keptMax - 1)) {
      await sql`DELETE FROM rollout_agents WHERE rollout = ${id}`;
      await sql`DELETE FROM rollouts WHERE id = ${id}`;
    }
    const id = Buffer.from(crypto.getRandomValues(new Uint8Array(6))).toString("hex");
    await sql`INSERT INTO rollouts
      (id, tenant, kind, name, revision, plan, state, stage, reason, actor, created_ms, state_ms, version)
      VALUES (${id}, ${tenant}, ${kind}, ${name}, ${revision}, ${JSON.stringify(plan)}, 'queued', 0, '',
        ${actor}, ${nowMs}, ${nowMs}, 1)`;
    const rollout = await oneOf(sql, id);
    await told(sql, rollout, "create_rollout", { actor, nowMs });
    return rollout;
  });
}

/** The newest first, without those that are forgotten. */
export function listRollouts(catalog: Transactions, release: Release): Promise<Rollout[]> {
  return catalog.transaction("read rollouts", (sql) => rowsOf(sql, release));
}

/** Its agents, in the order in which they are chosen. */
export function rolloutAgents(catalog: Transactions, id: string): Promise<RolloutAgent[]> {
  return catalog.transaction("read a rollout", (sql) => agentsOf(sql, id));
}

/** What a person may do to a rollout, and what it may be in then. */
const commands = {
  pause: { from: ["running"], to: "paused" },
  resume: { from: ["paused"], to: "running" },
  /** One that has not begun is cancelled; one that is done takes everybody back at once. */
  rollback: { from: ["queued", "running", "paused", "done"], to: "rolling_back" },
} as const;
export type RolloutCommand = keyof typeof commands;

/** Carried out by the aggregator, at its next turn. Throws OperatingError "bad_request" where its state does not allow it. */
export async function commandRollout(
  catalog: Transactions,
  release: Release,
  command: RolloutCommand,
  { actor, nowMs }: By,
): Promise<Rollout> {
  return catalog.transaction(`${command} a rollout`, async (sql) => {
    const [rollout] = await rowsOf(sql, release);
    if (rollout === undefined)
      throw new OperatingError("not_found", `"${release.name}" was never rolled out`);
    const { from, to } = commands[command];
    if (!from.some((state) => state === rollout.state))
      throw new OperatingError(
        "bad_request",
        `rollout ${rollout.id} is ${rollout.state}: expected ${from.join(", ")} to ${command} it`,
      );
    if (rollout.state === "done") await putCurrent(sql, release, rollout.previous);
    const state = rollout.state === "queued" ? "cancelled" : to;
    const next = inState(rollout, state, `${command} by ${actor}`, nowMs);
    await update(sql, rollout, next);
    await told(sql, next, `${command}_rollout`, { actor, nowMs });
    return { ...next, version: rollout.version + 1 };
  });
}

/** Everything that has not ended, of one kind, the oldest first. */
export async function openRollouts(
  sql: SQL,
  { tenant, kind }: Omit<Release, "name">,
): Promise<Rollout[]> {
  const rows = await sql`SELECT * FROM rollouts
    WHERE tenant = ${tenant} AND kind = ${kind} AND state IN ${sql(active)} ORDER BY created_ms, id`;
  return z.array(RolloutRow).parse([...rows]);
}

export async function agentsOf(sql: SQL, id: string): Promise<RolloutAgent[]> {
  const rows = await sql`SELECT * FROM rollout_agents WHERE rollout = ${id} ORDER BY place, agent`;
  return z.array(RolloutAgentRow).parse([...rows]);
}

/** False where somebody else changed the rollout since it was read: then nothing is written. */
export async function saveRollout(
  sql: SQL,
  before: Rollout,
  after: Rollout,
  agents: readonly RolloutAgent[],
): Promise<boolean> {
  if (!(await update(sql, before, after))) return false;
  for (const each of agents) {
    const { agent, place, state, stage, givenMs, appliedMs, unhealthySinceMs, reason } = each;
    const baseline = each.baseline === undefined ? null : JSON.stringify(each.baseline);
    await sql`INSERT INTO rollout_agents (rollout, agent, place, state, stage, given_ms, applied_ms,
        unhealthy_since_ms, baseline, reason)
      VALUES (${after.id}, ${agent}, ${place}, ${state}, ${stage}, ${givenMs}, ${appliedMs},
        ${unhealthySinceMs}, ${baseline}, ${reason})
      ON CONFLICT (rollout, agent) DO UPDATE SET place = excluded.place, state = excluded.state,
        stage = excluded.stage, given_ms = excluded.given_ms, applied_ms = excluded.applied_ms,
        unhealthy_since_ms = excluded.unhealthy_since_ms, baseline = excluded.baseline,
        reason = excluded.reason`;
  }
  const { tenant, kind, name, id, revision } = after;
  if (after.state === "done")
    await putCurrent(sql, { tenant, kind, name }, { revision, rollout: id });
  return true;
}

/** What became of a rollout, in the audit. */
export async function told(
  sql: SQL,
  { id, tenant, kind, name, revision, reason }: Rollout,
  action: string,
  { actor, nowMs }: By,
): Promise<void> {
  const detail = JSON.stringify({ rollout: id, kind, name, revision, reason });
  await insertAudit(sql, Bun.randomUUIDv7(), { atMs: nowMs, tenant, actor, action, detail });
}

async function putCurrent(
  sql: SQL,
  { tenant, kind, name }: Release,
  current: { readonly revision: string; readonly rollout: string } | undefined,
): Promise<void> {
  await sql`DELETE FROM fleet_current
    WHERE tenant = ${tenant} AND kind = ${kind} AND name = ${name}`;
  if (current === undefined) return;
  await sql`INSERT INTO fleet_current (tenant, kind, name, revision, rollout)
    VALUES (${tenant}, ${kind}, ${name}, ${current.revision}, ${current.rollout})`;
}

async function update(sql: SQL, before: Rollout, after: Rollout): Promise<boolean> {
  const rows = await sql`UPDATE rollouts SET state = ${after.state}, stage = ${after.stage},
      reason = ${after.reason}, state_ms = ${after.stateMs}, started_ms = ${after.startedMs ?? null},
      ended_ms = ${after.endedMs ?? null}, version = version + 1,
      previous_revision = ${after.previous?.revision ?? null},
      previous_rollout = ${after.previous?.rollout ?? null}
    WHERE id = ${before.id} AND version = ${before.version} RETURNING id`;
  return [...rows].length > 0;
}

async function rowsOf(sql: SQL, { tenant, kind, name }: Release): Promise<Rollout[]> {
  const rows = await sql`SELECT * FROM rollouts
    WHERE tenant = ${tenant} AND kind = ${kind} AND name = ${name} ORDER BY created_ms DESC, id DESC`;
  return z.array(RolloutRow).parse([...rows]);
}

async function oneOf(sql: SQL, id: string): Promise<Rollout> {
  return RolloutRow.parse([...(await sql`SELECT * FROM rollouts WHERE id = ${id}`)][0]);
}
