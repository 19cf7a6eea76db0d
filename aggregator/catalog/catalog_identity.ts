import type { SQL } from "bun";
import { z } from "zod";

/** The catalog's id; made where it has none. */
export async function catalogId(sql: SQL): Promise<string> {
  const rows = await sql`SELECT catalog FROM catalog_identity`;
  const [known] = z.array(z.object({ catalog: z.string() })).parse([...rows]);
  if (known !== undefined) return known.catalog;
  const id = Bun.randomUUIDv7();
  await setCatalogId(sql, id);
  return id;
}

export async function setCatalogId(sql: SQL, id: string): Promise<void> {
  await sql`DELETE FROM catalog_identity`;
  await sql`INSERT INTO catalog_identity (catalog, created_ms) VALUES (${id}, ${Date.now()})`;
}

/** Claims that are remembered; what an older one left behind is no longer swept. */
const claimsMax = 1_000;

/** Claims of this catalog, of all starts that it remembers. */
export async function catalogClaims(sql: SQL): Promise<Set<string>> {
  const rows = await sql`SELECT claim FROM storage_claims`;
  const found = z.array(z.object({ claim: z.string() })).parse([...rows]);
  return new Set(found.map(({ claim }) => claim));
}

/** Remembers a claim. Claims are UUIDs of version 7, so the oldest sort first. */
export async function addClaim(sql: SQL, claim: string, host: string, nowMs: number) {
  await sql`INSERT INTO storage_claims (claim, host, claimed_ms)
    VALUES (${claim}, ${host}, ${Math.round(nowMs)})`;
  await sql`DELETE FROM storage_claims WHERE claim NOT IN
    (SELECT claim FROM storage_claims ORDER BY claim DESC LIMIT ${claimsMax})`;
}
