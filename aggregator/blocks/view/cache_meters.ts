import type { SelfMetrics } from "#shared/runtime/self_metrics.ts";
import type { LogsCache } from "../logs/log_file.ts";
import type { SeriesIndex } from "../series/series_index.ts";

/** What the cache of columns of logs holds, and how often it had what was wanted. */
export function measureLogsCache(metrics: SelfMetrics, cache: LogsCache): void {
  const bytes = metrics.gauge(
    "lapwing_store_logs_cache_bytes",
    "Memory of what was read of blocks of logs and is kept (storage.logs_cache at most).",
  );
  const columns = metrics.counter(
    "lapwing_store_logs_cache_columns_total",
    "Columns of row groups of logs that were wanted: there already, or read.",
    ["outcome"],
  );
  const refusals = metrics.counter(
    "lapwing_store_refused_log_reads_total",
    "Reads of blocks of logs that were refused, because a newer version of Lapwing wrote them.",
  );
  const told = { hits: 0, misses: 0, refused: 0 };
  metrics.onCollect(() => {
    const { hits, misses } = cache.columns;
    const { refused } = cache;
    refusals.inc(refused - told.refused);
    bytes.set(cache.bytes);
    columns.inc({ outcome: "hit" }, hits - told.hits);
    columns.inc({ outcome: "miss" }, misses - told.misses);
    Object.assign(told, { hits, misses, refused });
  });
}

/** What the index of series holds. */
export function measureSeriesIndex(metrics: SelfMetrics, index: SeriesIndex): void {
  const bytes = metrics.gauge(
    "lapwing_store_series_index_bytes",
    "Memory of the index of which series each block holds (storage.series_index at most).",
  );
  metrics.onCollect(() => bytes.set(index.bytes));
}
