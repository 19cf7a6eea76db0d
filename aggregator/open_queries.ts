import { join } from "node:path";
import { setRegexLimits } from "#shared/text/regex_limits.ts";
import type { Clock } from "#shared/runtime/clock.ts";
import type { SelfMetrics } from "#shared/runtime/self_metrics.ts";
import type { BlockStore } from "./blocks/block_store.ts";
import type { AggregatorConfig } from "./config/config.ts";
import { createSources } from "./query/sources.ts";
import { createSqlEngine } from "./query/sql.ts";
import type { Head } from "./read/head.ts";

/** Head and blocks as one, and SQL over both. */
export async function openQueries(
  { query: { sql: bounds, regex }, data_dir: dataDir }: AggregatorConfig,
  { store, head }: { readonly store: BlockStore; readonly head: Head },
  { clock, metrics }: { readonly clock: Clock; readonly metrics: SelfMetrics },
) {
  setRegexLimits({
    instructionsMax: regex.instructions_max,
    matchStepsMax: regex.match_steps_max,
    turnStepsMax: regex.turn_steps_max,
  });
  const sources = createSources(
    head,
    () => store.view(),
    (tenant) => store.families(tenant),
  );
  const sql = await createSqlEngine(
    {
      timeoutMs: bounds.timeout,
      rowsMax: bounds.rows_max,
      resultBytesMax: bounds.result_max,
      runningMax: bounds.concurrency_max,
      waitingMax: bounds.waiting_max,
      memoryBytes: bounds.memory_limit,
      threads: bounds.threads,
    },
    { store, head, clock, metrics, folder: join(dataDir, "aggregator", "sql") },
  );
  return { sources, sql };
}
