import { audit, type NumberedExporter } from "#test/support/numbered.ts";
import { explainSamples } from "./explain_samples.ts";
import { failedScrapes, scrapeRows } from "./scrape_rows.ts";

/** What became of the numbers that an exporter gave out, up to the largest that is stored. */
export type ScrapeAudit = {
  /** Stored nowhere, though no row says that their scrape failed, as it may on a busy machine. */
  readonly missing: readonly number[];
  readonly repeated: readonly number[];
  readonly foreign: number;
};

/** `sql` answers a statement with its rows. */
export async function auditScrapes(
  sql: (statement: string) => Promise<unknown[][]>,
  exporter: NumberedExporter,
): Promise<ScrapeAudit> {
  const stored = await sql(
    "SELECT value::BIGINT FROM metrics WHERE name = 'chaos_number' AND NOT isnan(value)",
  );
  const numbers = stored.map(([value]) => Number(value));
  // Asked for after the numbers: what failed before them is there, too.
  const rows = (await scrapeRows(sql)).get(exporter.target) ?? [];
  const { missing, ...others } = audit(numbers, Math.max(...numbers));
  const given = missing.map((number) => exporter.given(number));
  return { missing: explainSamples(given, failedScrapes(rows)).unexplained, ...others };
}
