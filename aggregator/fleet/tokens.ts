import { createHash } from "node:crypto";
import { z } from "zod";
import { OperatingError } from "#shared/errors.ts";
import type { Catalog } from "../catalog/catalog.ts";
import { count } from "../catalog/catalog_count.ts";
import { insertAudit } from "../catalog/catalog_writes.ts";

type Transactions = Pick<Catalog, "transaction">;
/** What a token may allow at most, and how many of a tenant can be in force. */
export const tokenLimits = {
  ttlMaxMs: 365 * 86_400_000,
  usesMax: 100_000,
  inForceMax: 1_000,
} as const;

type By = { readonly actor: string; readonly nowMs: number };

/** What a token allows. */
export type TokenTerms = {
  readonly tenant: string;
  /** Put on everything that agents enrolled with it collect. */
  readonly labels: Readonly<Record<string, string>>;
  readonly ttlMs: number;
  readonly usesMax: number;
};

/** "lwe_<id>_<secret>": the id is shown in lists and in the audit, of the secret only a hash is kept. */
const shape = /^lwe_([0-9a-f]{16})_([A-Za-z0-9_-]{43})$/;

/** A text of another shape has an empty id and secret, which no token has. */
export function takeApart(token: string): { readonly id: string; readonly secret: string } {
  const [, id = "", secret = ""] = shape.exec(token) ?? [];
  return { id, secret };
}

/** 256 random bits need no slow hash: there is nothing to guess them by. */
export function secretHash(secret: string): string {
  return createHash("sha256").update(secret).digest("hex");
}

/** Gives the token itself, which nobody can tell again. Throws OperatingError "overloaded" where the tenant has too many in force. */
export async function createToken(
  catalog: Transactions,
  { tenant, labels, ttlMs, usesMax }: TokenTerms,
  { actor, nowMs }: By,
): Promise<string> {
  const id = Buffer.from(crypto.getRandomValues(new Uint8Array(8))).toString("hex");
  const secret = Buffer.from(crypto.getRandomValues(new Uint8Array(32))).toString("base64url");
  const expiresMs = nowMs + ttlMs;
  await catalog.transaction("create a token", async (sql) => {
    await sql`INSERT INTO enrolment_tokens
      (id, tenant, hash, labels, created_ms, expires_ms, uses, uses_max)
      VALUES (${id}, ${tenant}, ${secretHash(secret)}, ${JSON.stringify(labels)}, ${nowMs},
        ${expiresMs}, 0, ${usesMax})`;
    // Counted after the write, so that nobody writes between; what is thrown takes it back.
    const [row] = await sql`SELECT count(*) AS in_force FROM enrolment_tokens
      WHERE tenant = ${tenant} AND revoked_ms IS NULL AND expires_ms > ${nowMs} AND uses < uses_max`;
    const { in_force: inForce } = InForceRow.parse(row);
    if (inForce > tokenLimits.inForceMax)
      throw new OperatingError(
        "overloaded",
        `${tokenLimits.inForceMax} tokens are in force: expected no more, revoke some first`,
      );
    const detail = JSON.stringify({ token: id, expires_ms: expiresMs, uses_max: usesMax });
    const entry = { atMs: nowMs, tenant, actor, action: "create_token", detail };
    await insertAudit(sql, Bun.randomUUIDv7(), entry);
  });
  return `lwe_${id}_${secret}`;
}

/** The newest first, with those that are of no use any more. */
export function listTokens(catalog: Transactions, tenant: string): Promise<TokenRow[]> {
  return catalog.transaction("read tokens", async (sql) =>
    z.array(TokenRow).parse([
      ...(await sql`SELECT * FROM enrolment_tokens WHERE tenant = ${tenant}
        ORDER BY created_ms DESC, id`),
    ]),
  );
}

/** False where there is no such token, or it is revoked already. What was enrolled with it stays. */
export function revokeToken(
  catalog: Transactions,
  { tenant, id }: { readonly tenant: string; readonly id: string },
  { actor, nowMs }: By,
): Promise<boolean> {
  return catalog.transaction("revoke a token", async (sql) => {
    const revoked = await sql`UPDATE enrolment_tokens SET revoked_ms = ${nowMs}
      WHERE id = ${id} AND tenant = ${tenant} AND revoked_ms IS NULL RETURNING id`;
    if ([...revoked].length === 0) return false;
    const detail = JSON.stringify({ token: id });
    const entry = { atMs: nowMs, tenant, actor, action: "revoke_token", detail };
    await insertAudit(sql, Bun.randomUUIDv7(), entry);
    return true;
  });
}

const InForceRow = z.object({ in_force: count });
const LabelsText = z
  .string()
  .transform((text) => z.record(z.string(), z.string()).parse(JSON.parse(text)));

export const TokenRow = z
  .object({
    id: z.string(),
    tenant: z.string(),
    hash: z.string(),
    labels: LabelsText,
    created_ms: count,
    expires_ms: count,
    uses: count,
    uses_max: count,
    revoked_ms: count.nullable(),
  })
  .transform(({ id, tenant, hash, labels, uses, ...row }) => ({
    id,
    tenant,
    hash,
    labels,
    uses,
    createdMs: row.created_ms,
    expiresMs: row.expires_ms,
    usesMax: row.uses_max,
    ...(row.revoked_ms !== null && { revokedMs: row.revoked_ms }),
  }));
export type TokenRow = z.output<typeof TokenRow>;
