import { z } from "zod";
import type { Catalog } from "./catalog.ts";
import { count } from "./catalog_count.ts";
import type { PatternRecord, StoredPatterns } from "../read/store.ts";

/** Of all tenants, at one moment. */
export function storedPatterns(catalog: Catalog): Promise<StoredPatterns[]> {
  return catalog.transaction("read patterns", async (sql) => {
    const states = z
      .array(z.object({ tenant: z.string(), state: z.string() }))
      .parse([...(await sql`SELECT tenant, state FROM log_pattern_state ORDER BY tenant`)]);
    const rows = z
      .array(RecordRow)
      .parse([...(await sql`SELECT * FROM log_patterns ORDER BY first_ms, id`)]);
    const byTenant = Map.groupBy(rows, ({ tenant }) => tenant);
    return states.map(({ tenant, state }) => {
      const records = (byTenant.get(tenant) ?? []).map(({ record }) => record);
      return { tenant, state, records };
    });
  });
}

const RecordRow = z
  .object({
    tenant: z.string(),
    id: z.string(),
    text: z.string(),
    first_ms: count,
    seen_ms: count,
    is_news: count,
  })
  .transform(({ tenant, id, text, first_ms, seen_ms, is_news }) => {
    const record: PatternRecord = {
      id,
      text,
      firstMs: first_ms,
      seenMs: seen_ms,
      isNews: is_news === 1,
    };
    return { tenant, record };
  });
