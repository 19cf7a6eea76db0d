import { z } from "zod";
import type { Catalog } from "./catalog.ts";

/** What maintenance remembers between starts, and requests of commands. */
export type StateName =
  /** The newest round with a clock that could be trusted. */
  | "clock"
  /** An operator says that the clock is right. */
  | "clock_confirmed"
  /** An operator lets the next sweep move more files than its share. */
  | "sweep_allowed";

type Sql = Pick<Catalog, "transaction">;

/** undefined where there is none. */
export function readState(catalog: Sql, name: StateName): Promise<unknown> {
  return catalog.transaction("read the state of maintenance", async (sql) => {
    const rows = await sql`SELECT value FROM maintenance_state WHERE name = ${name}`;
    const [found] = z.array(z.object({ value: z.string() })).parse([...rows]);
    return found === undefined ? undefined : JSON.parse(found.value);
  });
}

export async function writeState(catalog: Sql, name: StateName, value: unknown): Promise<void> {
  const text = JSON.stringify(value);
  await catalog.transaction("write the state of maintenance", async (sql) => {
    await sql`INSERT INTO maintenance_state (name, value) VALUES (${name}, ${text})
      ON CONFLICT (name) DO UPDATE SET value = excluded.value`;
  });
}

export async function dropState(catalog: Sql, name: StateName): Promise<void> {
  await catalog.transaction("write the state of maintenance", async (sql) => {
    await sql`DELETE FROM maintenance_state WHERE name = ${name}`;
  });
}
