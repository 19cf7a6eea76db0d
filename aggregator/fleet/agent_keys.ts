import type { SQL } from "bun";
import { z } from "zod";
import type { RenewalRefusal } from "#proto/fleet/renewal.ts";
import type { Catalog } from "../catalog/catalog.ts";
import { count } from "../catalog/catalog_count.ts";
import { insertAudit } from "../catalog/catalog_writes.ts";

type Transactions = Pick<Catalog, "transaction">;
type Identity = { readonly tenant: string; readonly agent: string };

/** What credentials are signed with, and until when they hold (Unix ms). */
export type Signing = {
  readonly nowMs: number;
  readonly expiresMs: number;
  readonly signer: string;
  /** rightsMark() of what they allow. */
  readonly rights: string;
};

export type Exchange =
  | { readonly result: "offered" | "confirmed" }
  | { readonly result: "refused"; readonly reason: RenewalRefusal };

/** Agents that have not exchanged their credentials when so much of their time is over are asked to: their clocks may be wrong. */
const lateShare = 0.8;

/**
 * Lets `newKey` stand beside the agent's key until the agent says that it uses it. Repeated with the same key, because an answer was lost,
 * it is offered again; with another, the one that was offered before is revoked: the agent has forgotten it. `graceMs` is how long after
 * its time a key may still be exchanged.
 */
export function offerKey(
  catalog: Transactions,
  asked: Identity & { readonly key: string; readonly newKey: string; readonly graceMs: number },
  signing: Signing,
): Promise<Exchange> {
  const { tenant, agent, key, newKey, graceMs } = asked;
  const { nowMs, expiresMs, signer, rights } = signing;
  return catalog.transaction("offer a key", async (sql) => {
    const rows = await lockKeys(sql, asked);
    const current = rows.find(({ publicKey }) => publicKey === key);
    const reason = refusalOf(current, nowMs - graceMs);
    if (reason !== undefined || current === undefined)
      return refused(sql, { ...asked, nowMs }, reason ?? "unknown_key");
    const offered = rows.find(({ publicKey }) => publicKey === newKey);
    const isRepeated =
      offered?.revokedMs === null && offered.confirmedMs === null && newKey !== key;
    if (offered !== undefined && !isRepeated) return refused(sql, { ...asked, nowMs }, "known_key");
    if (isRepeated) {
      await sql`UPDATE enrolments SET signed_ms = ${nowMs}, signer = ${signer}, rights = ${rights},
        expires_ms = ${expiresMs} WHERE public_key = ${newKey}`;
      return { result: "offered" };
    }
    const known = await sql`SELECT public_key FROM enrolments WHERE public_key = ${newKey}`;
    if ([...known].length > 0) return refused(sql, { ...asked, nowMs }, "known_key");
    // It asks by a key that it has not confirmed yet: then that is the one in use.
    if (current.confirmedMs === null) await putInForce(sql, { ...asked, key }, rows, nowMs);
    const forgotten = rows.find(
      (row) => row.confirmedMs === null && row.revokedMs === null && row !== current,
    );
    if (forgotten !== undefined) await replace(sql, forgotten.publicKey, newKey, nowMs);
    await sql`INSERT INTO enrolments
      (public_key, tenant, agent, name, token, enrolled_ms, signed_ms, signer, rights, expires_ms)
      VALUES (${newKey}, ${tenant}, ${agent}, ${current.name}, ${current.token}, ${nowMs},
        ${nowMs}, ${signer}, ${rights}, ${expiresMs})`;
    await audited(sql, "offer_key", { ...asked, nowMs }, { public_key: newKey });
    return { result: "offered" };
  });
}

/** The agent uses the key: it is the one in force from now on, and the one before is revoked. May be repeated. */
export function confirmKey(
  catalog: Transactions,
  asked: Identity & { readonly key: string },
  nowMs: number,
): Promise<Exchange> {
  return catalog.transaction("confirm a key", async (sql) => {
    const rows = await lockKeys(sql, asked);
    const current = rows.find(({ publicKey }) => publicKey === asked.key);
    // Until when it holds is nats-server's matter: whoever asks over NATS is connected by it.
    const reason = refusalOf(current, Number.NEGATIVE_INFINITY);
    if (reason !== undefined) return refused(sql, { ...asked, nowMs }, reason);
    if (current?.confirmedMs === null) await putInForce(sql, asked, rows, nowMs);
    return { result: "confirmed" };
  });
}

/** Agents that are to exchange their credentials: late with it, signed by a key that is not `signer`, or with rights that are not `rights`. */
export function agentsDue(
  catalog: Transactions,
  { signer, rights, nowMs }: Omit<Signing, "expiresMs">,
): Promise<Identity[]> {
  return catalog.transaction("read agents to renew", async (sql) =>
    z.array(z.object({ tenant: z.string(), agent: z.string() })).parse([
      ...(await sql`SELECT tenant, agent FROM enrolments
          WHERE revoked_ms IS NULL AND confirmed_ms IS NOT NULL AND expires_ms IS NOT NULL
          AND (signer <> ${signer} OR rights IS NULL OR rights <> ${rights}
            OR signed_ms + ${lateShare} * (expires_ms - signed_ms) < ${nowMs})`),
    ]),
  );
}

/** A write first: from here on nobody else changes this agent's keys, in SQLite and in PostgreSQL. */
async function lockKeys(sql: SQL, { tenant, agent }: Identity): Promise<KeyRow[]> {
  return z.array(KeyRow).parse([
    ...(await sql`UPDATE enrolments SET name = name
      WHERE tenant = ${tenant} AND agent = ${agent} RETURNING *`),
  ]);
}

function refusalOf(row: KeyRow | undefined, oldestExpiryMs: number): RenewalRefusal | undefined {
  if (row === undefined) return "unknown_key";
  if (row.revokedMs !== null) return "revoked_key";
  return row.expiresMs !== null && row.expiresMs < oldestExpiryMs ? "expired_key" : undefined;
}

/** The one before goes first: an agent has one key in force. */
async function putInForce(
  sql: SQL,
  asked: Identity & { readonly key: string },
  rows: readonly KeyRow[],
  nowMs: number,
): Promise<void> {
  const before = rows.find((row) => row.confirmedMs !== null && row.revokedMs === null);
  if (before !== undefined) await replace(sql, before.publicKey, asked.key, nowMs);
  await sql`UPDATE enrolments SET confirmed_ms = ${nowMs} WHERE public_key = ${asked.key}`;
  const told = { public_key: asked.key, replaced: before?.publicKey };
  await audited(sql, "confirm_key", { ...asked, nowMs }, told);
}

async function replace(sql: SQL, key: string, by: string, nowMs: number): Promise<void> {
  await sql`UPDATE enrolments SET revoked_ms = ${nowMs}, replaced_by = ${by}
    WHERE public_key = ${key}`;
}

async function refused(
  sql: SQL,
  asked: Identity & { readonly key: string; readonly nowMs: number },
  reason: RenewalRefusal,
): Promise<Exchange> {
  // A revoked agent asks for as long as it runs, and strangers may: they are counted and logged, and leave nothing in the catalog.
  if (reason === "known_key")
    await audited(sql, "refuse_renewal", asked, { public_key: asked.key, reason });
  return { result: "refused", reason };
}

async function audited(
  sql: SQL,
  action: string,
  { tenant, agent, nowMs }: Identity & { readonly nowMs: number },
  told: Readonly<Record<string, string | undefined>>,
): Promise<void> {
  const detail = JSON.stringify({ agent, ...told });
  const entry = { atMs: nowMs, tenant, actor: `agent ${agent}`, action, detail };
  await insertAudit(sql, Bun.randomUUIDv7(), entry);
}

const KeyRow = z
  .object({
    public_key: z.string(),
    name: z.string(),
    token: z.string(),
    confirmed_ms: count.nullable(),
    expires_ms: count.nullable(),
    revoked_ms: count.nullable(),
  })
  .transform(({ name, token, ...row }) => ({
    publicKey: row.public_key,
    name,
    token,
    confirmedMs: row.confirmed_ms,
    expiresMs: row.expires_ms,
    revokedMs: row.revoked_ms,
  }));
type KeyRow = z.output<typeof KeyRow>;
