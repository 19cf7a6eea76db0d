import { timingSafeEqual } from "node:crypto";
import { z } from "zod";
import type { EnrolmentRequest } from "#proto/fleet/enrolment.ts";
import type { Catalog } from "../catalog/catalog.ts";
import { count } from "../catalog/catalog_count.ts";
import { insertAudit } from "../catalog/catalog_writes.ts";
import type { Signing } from "./agent_keys.ts";
import { TokenRow, secretHash, takeApart } from "./tokens.ts";

/** Why a host gets no credentials. */
export type Refusal =
  | "unknown_token"
  | "expired_token"
  | "used_up_token"
  | "revoked_token"
  | "enrolled_agent"
  | "known_key";

export type Enrolment =
  | {
      readonly result: "enrolled" | "repeated";
      readonly tenant: string;
      readonly labels: Readonly<Record<string, string>>;
    }
  | { readonly result: "refused"; readonly reason: Refusal };

export type EnrolledAgent = {
  readonly agent: string;
  readonly name: string;
  readonly token: string;
  /** When its key of the moment was first asked for. */
  readonly enrolledMs: number;
  /** Absent: its credentials hold until they are revoked. */
  readonly expiresMs?: number;
  readonly revokedMs?: number;
  /** nats-server knows of the revocation. */
  readonly isRevocationSent: boolean;
  /** Of its last heartbeat that was kept. */
  readonly lastSeenMs?: number;
};

/** A key that must not connect any more. Times are Unix ms. */
export type Revoked = {
  readonly publicKey: string;
  readonly revokedMs: number;
  /** When all credentials of it have run out; Infinity where there are some that never do. */
  readonly expiresMs: number;
  readonly isSent: boolean;
};

type Transactions = Pick<Catalog, "transaction">;

const noHash = secretHash("");

/**
 * Uses a token once: its state, the count of its uses, the agent's key and the audit change in one transaction. A host that asks again
 * with the same key, because an answer was lost, gets it again without another use.
 */
export async function enrol(
  catalog: Transactions,
  { token, agent, name, public_key: publicKey }: EnrolmentRequest,
  { nowMs, expiresMs, signer, rights }: Signing,
): Promise<Enrolment> {
  const { id, secret } = takeApart(token);
  const [known] = await catalog.transaction("read a token", async (sql) =>
    z.array(TokenRow).parse([...(await sql`SELECT * FROM enrolment_tokens WHERE id = ${id}`)]),
  );
  if (!isSame(secretHash(secret), known?.hash ?? noHash) || known === undefined)
    return { result: "refused", reason: "unknown_token" };
  return catalog.transaction("enrol an agent", async (sql) => {
    // A write first: from here on nobody else uses this token, in SQLite and in PostgreSQL.
    const locked = await sql`UPDATE enrolment_tokens SET uses = uses WHERE id = ${id} RETURNING *`;
    const [row = known] = z.array(TokenRow).parse([...locked]);
    const { tenant } = row;
    const others = z.array(KeyRow).parse([
      ...(await sql`SELECT public_key, tenant, agent, token, revoked_ms FROM enrolments
        WHERE public_key = ${publicKey} OR (tenant = ${tenant} AND agent = ${agent})`),
    ]);
    const asked = { tenant, agent, token: id, publicKey };
    const isRepeated = others.some((other) => isSameEnrolment(other, asked));
    const reason = refusalOf(row, others, { publicKey, isRepeated, nowMs });
    const action = reason === undefined ? "enrol_agent" : "refuse_enrolment";
    const told = { agent, name, public_key: publicKey, ...(isRepeated && { repeated: true }) };
    const detail = JSON.stringify(reason === undefined ? told : { ...told, reason });
    const entry = { atMs: nowMs, tenant, actor: `enrolment token ${id}`, action, detail };
    await insertAudit(sql, Bun.randomUUIDv7(), entry);
    if (reason !== undefined) return { result: "refused", reason };
    if (isRepeated) {
      await sql`UPDATE enrolments SET signed_ms = ${nowMs}, signer = ${signer}, rights = ${rights},
        expires_ms = ${expiresMs} WHERE public_key = ${publicKey}`;
      return { result: "repeated", tenant, labels: row.labels };
    }
    await sql`UPDATE enrolment_tokens SET uses = uses + 1 WHERE id = ${id}`;
    await sql`INSERT INTO enrolments (public_key, tenant, agent, name, token, enrolled_ms,
        confirmed_ms, signed_ms, signer, rights, expires_ms)
      VALUES (${publicKey}, ${tenant}, ${agent}, ${name}, ${id}, ${nowMs},
        ${nowMs}, ${nowMs}, ${signer}, ${rights}, ${expiresMs})`;
    return { result: "enrolled", tenant, labels: row.labels };
  });
}

/** Marks an agent's keys as revoked; false where it was never enrolled. One that is revoked already stays so. */
export function revokeAgent(
  catalog: Transactions,
  { tenant, agent }: { readonly tenant: string; readonly agent: string },
  by: { readonly actor: string; readonly nowMs: number },
): Promise<boolean> {
  const { actor, nowMs } = by;
  return catalog.transaction("revoke an agent", async (sql) => {
    const revoked = await sql`UPDATE enrolments SET revoked_ms = ${nowMs}
      WHERE tenant = ${tenant} AND agent = ${agent} AND revoked_ms IS NULL RETURNING public_key`;
    for (const { public_key } of PublicKeys.parse([...revoked])) {
      const detail = JSON.stringify({ agent, public_key });
      const entry = { atMs: nowMs, tenant, actor, action: "revoke_agent", detail };
      await insertAudit(sql, Bun.randomUUIDv7(), entry);
    }
    const all = await sql`SELECT public_key FROM enrolments
      WHERE tenant = ${tenant} AND agent = ${agent}`;
    return [...all].length > 0;
  });
}

/** Every key that must not connect any more, of all tenants: they are users of one account. */
export function revokedKeys(catalog: Transactions): Promise<Revoked[]> {
  return catalog.transaction("read revoked keys", async (sql) =>
    z.array(RevokedRow).parse([
      ...(await sql`SELECT public_key, revoked_ms, expires_ms, revocation_sent_ms
        FROM enrolments WHERE revoked_ms IS NOT NULL`),
    ]),
  );
}

/** nats-server has them. */
export function markRevocationsSent(
  catalog: Transactions,
  keys: readonly string[],
  nowMs: number,
): Promise<void> {
  return catalog.transaction("mark revocations as sent", async (sql) => {
    for (const key of keys)
      await sql`UPDATE enrolments SET revocation_sent_ms = ${nowMs} WHERE public_key = ${key}`;
  });
}

/** Keys that others took the place of, and whose credentials ran out before `beforeMs`, are of no interest to anybody. */
export function forgetReplacedKeys(catalog: Transactions, beforeMs: number): Promise<void> {
  return catalog.transaction("forget replaced keys", async (sql) => {
    await sql`DELETE FROM enrolments WHERE replaced_by IS NOT NULL AND expires_ms < ${beforeMs}
      AND revocation_sent_ms IS NOT NULL`;
  });
}

/** Each agent once, the newest first; keys that were exchanged are not told. */
export function enrolledAgents(catalog: Transactions, tenant: string): Promise<EnrolledAgent[]> {
  return catalog.transaction("read enrolled agents", async (sql) =>
    z.array(AgentRow).parse([
      ...(await sql`SELECT enrolments.agent, enrolments.name, token, enrolled_ms, expires_ms,
          revoked_ms, revocation_sent_ms, last_seen_ms
        FROM enrolments LEFT JOIN agents
        ON agents.tenant = enrolments.tenant AND agents.agent = enrolments.agent
        WHERE enrolments.tenant = ${tenant} AND replaced_by IS NULL AND confirmed_ms IS NOT NULL
        ORDER BY enrolled_ms DESC, public_key`),
    ]),
  );
}

function refusalOf(
  row: TokenRow,
  others: readonly KeyRow[],
  asked: { readonly publicKey: string; readonly isRepeated: boolean; readonly nowMs: number },
): Refusal | undefined {
  if (row.revokedMs !== undefined) return "revoked_token";
  if (row.expiresMs <= asked.nowMs) return "expired_token";
  if (asked.isRepeated) return undefined;
  if (row.uses >= row.usesMax) return "used_up_token";
  if (others.some(({ public_key }) => public_key === asked.publicKey)) return "known_key";
  // Whoever has a token must not take the place of an agent that is there.
  return others.some(({ revoked_ms }) => revoked_ms === null) ? "enrolled_agent" : undefined;
}

function isSameEnrolment(
  other: KeyRow,
  asked: {
    readonly tenant: string;
    readonly agent: string;
    readonly token: string;
    readonly publicKey: string;
  },
): boolean {
  return (
    other.revoked_ms === null &&
    other.public_key === asked.publicKey &&
    other.tenant === asked.tenant &&
    other.agent === asked.agent &&
    other.token === asked.token
  );
}

/** Of two hashes, in a time that says nothing about how much of them is alike. */
function isSame(a: string, b: string): boolean {
  return a.length === b.length && timingSafeEqual(Buffer.from(a), Buffer.from(b));
}

const PublicKeys = z.array(z.object({ public_key: z.string() }));
const KeyRow = z.object({
  public_key: z.string(),
  tenant: z.string(),
  agent: z.string(),
  token: z.string(),
  revoked_ms: count.nullable(),
});
type KeyRow = z.output<typeof KeyRow>;
const RevokedRow = z
  .object({
    public_key: z.string(),
    revoked_ms: count,
    expires_ms: count.nullable(),
    revocation_sent_ms: count.nullable(),
  })
  .transform((row) => ({
    publicKey: row.public_key,
    revokedMs: row.revoked_ms,
    expiresMs: row.expires_ms ?? Number.POSITIVE_INFINITY,
    isSent: row.revocation_sent_ms !== null,
  }));
const AgentRow = z
  .object({
    agent: z.string(),
    name: z.string(),
    token: z.string(),
    enrolled_ms: count,
    expires_ms: count.nullable(),
    revoked_ms: count.nullable(),
    revocation_sent_ms: count.nullable(),
    last_seen_ms: count.nullable(),
  })
  .transform(({ agent, name, token, ...row }) => ({
    agent,
    name,
    token,
    enrolledMs: row.enrolled_ms,
    isRevocationSent: row.revocation_sent_ms !== null,
    ...(row.expires_ms !== null && { expiresMs: row.expires_ms }),
    ...(row.revoked_ms !== null && { revokedMs: row.revoked_ms }),
    ...(row.last_seen_ms !== null && { lastSeenMs: row.last_seen_ms }),
  }));
