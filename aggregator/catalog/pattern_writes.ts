import type { SQL } from "bun";
import type { PatternsCommit } from "../read/store.ts";

/** What a commit changes of patterns, within its transaction. */
export async function savePatterns(sql: SQL, changes: readonly PatternsCommit[]): Promise<void> {
  for (const { tenant, state, found, gone } of changes) {
    await sql`INSERT INTO log_pattern_state (tenant, state) VALUES (${tenant}, ${state})
      ON CONFLICT (tenant) DO UPDATE SET state = excluded.state`;
    for (const id of gone)
      await sql`DELETE FROM log_patterns WHERE tenant = ${tenant} AND id = ${id}`;
    for (const { id, text, firstMs, seenMs, isNews } of found)
      await sql`INSERT INTO log_patterns (tenant, id, text, first_ms, seen_ms, is_news)
        VALUES (${tenant}, ${id}, ${text}, ${Math.round(firstMs)}, ${Math.round(seenMs)},
          ${Number(isNews)})
        ON CONFLICT (tenant, id) DO UPDATE SET first_ms = excluded.first_ms,
        seen_ms = excluded.seen_ms, is_news = excluded.is_news`;
  }
}
