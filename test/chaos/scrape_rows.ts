import type { Cause } from "./explain_samples.ts";

/** A scrape's row has the time of its tick where that is so near. */
const nudgeMs = 2;

/** The row of a scrape as it is stored. */
export type ScrapeRow = {
  readonly atMs: number;
  readonly isUp: boolean;
  readonly durationMs: number;
};

/** Stored rows of scrapes by the target's address, in order of time; `sql` answers a statement with its rows. */
export async function scrapeRows(
  sql: (statement: string) => Promise<unknown[][]>,
): Promise<Map<string, ScrapeRow[]>> {
  const rows = await sql(
    `SELECT labels['instance'], epoch_ms(timestamp), max(value) FILTER (name = 'up'),
       max(value) FILTER (name = 'scrape_duration_seconds')
     FROM metrics WHERE name IN ('up', 'scrape_duration_seconds') AND NOT isnan(value) GROUP BY 1, 2 ORDER BY 2`,
  );
  const found = new Map<string, ScrapeRow[]>();
  for (const [instance, atMs, up, seconds] of rows) {
    const row = { atMs: Number(atMs), isUp: up === 1, durationMs: 1_000 * Number(seconds) };
    const some = found.get(String(instance));
    if (some === undefined) found.set(String(instance), [row]);
    else some.push(row);
  }
  return found;
}

/** Each scrape whose answer came too late for its timeout explains one number. */
export function failedScrapes(rows: readonly ScrapeRow[]): Cause[] {
  return rows
    .filter(({ isUp }) => !isUp)
    .map(({ atMs, durationMs }) => {
      const span = { fromMs: atMs - nudgeMs, toMs: atMs + durationMs + nudgeMs };
      return { kind: "scrape_failed", spans: [span] };
    });
}
