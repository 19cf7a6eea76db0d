import { z } from "zod";
import { OperatingError } from "#shared/errors.ts";
import { count } from "../catalog/catalog_count.ts";
import { bounded } from "./annotations.ts";
import { TextsColumn, type Transactions } from "./saved_dashboards.ts";

/** A query that people share. */
export type StoredQuery = {
  /** Empty for a new one. */
  readonly id: string;
  readonly title: string;
  readonly description: string;
  readonly source: string;
  /** JSON: what the page that made it needs to show it again. */
  readonly state: string;
  readonly tags: readonly string[];
  readonly updatedMs: number;
};

const keptMax = 5_000;
const bounds = { title: 200, description: 5_000, state: 100_000, tags: 50, tag: 200 } as const;

/** By title. */
export function listQueries(catalog: Transactions, tenant: string): Promise<StoredQuery[]> {
  return catalog.transaction("read saved queries", async (sql) => {
    const rows = await sql`SELECT * FROM saved_queries WHERE tenant = ${tenant} ORDER BY title, id`;
    return z.array(Row).parse([...rows]);
  });
}

/** Makes one where its id is empty. Throws OperatingError "bad_request", "not_found" and, when there are too many, "overloaded". */
export async function saveQuery(
  catalog: Transactions,
  tenant: string,
  given: StoredQuery,
  nowMs: number,
): Promise<StoredQuery> {
  check(given);
  const one = { ...given, updatedMs: nowMs };
  return catalog.transaction("save a query", async (sql) => {
    const { title, description, source, state } = one;
    const tags = JSON.stringify(one.tags);
    if (one.id !== "") {
      const rows = await sql`UPDATE saved_queries SET title = ${title},
        description = ${description}, source = ${source}, state = ${state}, tags = ${tags},
        updated_ms = ${nowMs} WHERE tenant = ${tenant} AND id = ${one.id} RETURNING id`;
      if ([...rows].length === 0) throw absent(one.id);
      return one;
    }
    const counted = await sql`SELECT count(*) AS number FROM saved_queries
      WHERE tenant = ${tenant}`;
    const [row] = z.array(z.object({ number: count })).parse([...counted]);
    if ((row?.number ?? 0) >= keptMax)
      throw new OperatingError("overloaded", `there are ${keptMax} saved queries: delete some`);
    const id: string = Bun.randomUUIDv7();
    await sql`INSERT INTO saved_queries
      (tenant, id, title, description, source, state, tags, updated_ms)
      VALUES (${tenant}, ${id}, ${title}, ${description}, ${source}, ${state}, ${tags}, ${nowMs})`;
    return { ...one, id };
  });
}

/** Throws OperatingError "not_found". */
export function deleteQuery(catalog: Transactions, tenant: string, id: string): Promise<void> {
  return catalog.transaction("delete a saved query", async (sql) => {
    const rows = await sql`DELETE FROM saved_queries WHERE tenant = ${tenant} AND id = ${id}
      RETURNING id`;
    if ([...rows].length === 0) throw absent(id);
  });
}

function check({ title, description, source, state, tags }: StoredQuery): void {
  if (title.trim() === "") throw bad("title is empty: expected a name");
  for (const [key, text] of Object.entries({ title, description, state }))
    if (key === "title" || key === "description" || key === "state")
      bounded(key, text, bounds[key]);
  if (source !== "metrics" && source !== "logs")
    throw bad(`source is ${JSON.stringify(source.slice(0, 100))}: expected metrics or logs`);
  if (tags.length > bounds.tags)
    throw bad(`tags are ${tags.length}: expected at most ${bounds.tags}`);
  for (const tag of tags) bounded("a tag", tag, bounds.tag);
  if (!isJsonObject(state)) throw bad("state is no JSON object: expected the page's parameters");
}

function isJsonObject(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value);
  } catch {
    return false;
  }
}

function absent(id: string): OperatingError {
  const message = `there is no saved query ${JSON.stringify(id.slice(0, 100))}`;
  return new OperatingError("not_found", message);
}

function bad(message: string): OperatingError {
  return new OperatingError("bad_request", message);
}

const Row = z
  .object({
    id: z.string(),
    title: z.string(),
    description: z.string(),
    source: z.string(),
    state: z.string(),
    tags: TextsColumn,
    updated_ms: count,
  })
  .transform(({ updated_ms, ...row }) => ({ ...row, updatedMs: updated_ms }));
