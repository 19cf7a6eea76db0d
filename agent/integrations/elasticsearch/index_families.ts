import { numbersOf } from "./numbers.ts";

const { g, c } = numbersOf(["index", "cluster"]);
const ms = 0.001;

/** Only the groups that become samples, without shards: an index has a tenth of the text that way. */
export const indexStatsPath =
  "/_all/_stats/docs,store,segments,search,indexing,get,merge,refresh,flush,warmer,query_cache,request_cache,fielddata,completion" +
  "?filter_path=indices.*.total,indices.*.primaries.docs,indices.*.primaries.store,indices.*.primaries.segments,indices.*.primaries.completion";

/** Memory of segments: of all shards, and of primary ones. The exporter's names end in several ways. */
const segmentMemory: readonly (readonly [field: string, primary: string, total: string])[] = [
  ["memory", "memory_bytes_primary", "memory_bytes_total"],
  ["terms_memory", "terms_memory_primary", "terms_memory_total"],
  ["stored_fields_memory", "fields_memory_bytes_primary", "fields_memory_bytes_total"],
  ["term_vectors_memory", "term_vectors_memory_primary_bytes", "term_vectors_memory_total_bytes"],
  ["norms_memory", "norms_memory_bytes_primary", "norms_memory_bytes_total"],
  ["points_memory", "points_memory_bytes_primary", "points_memory_bytes_total"],
  ["doc_values_memory", "doc_values_memory_bytes_primary", "doc_values_memory_bytes_total"],
  ["index_writer_memory", "index_writer_memory_bytes_primary", "index_writer_memory_bytes_total"],
  ["version_map_memory", "version_map_memory_bytes_primary", "version_map_memory_bytes_total"],
  [
    "fixed_bit_set_memory",
    "fixed_bit_set_memory_bytes_primary",
    "fixed_bit_set_memory_bytes_total",
  ],
];

/** Fields of one index in /_all/_stats; names and types as in collector/indices.go of elasticsearch_exporter. */
export const indexNumbers = [
  g("primaries.docs.count", "indices_docs_primary", "Documents in primary shards."),
  g(
    "primaries.docs.deleted",
    "indices_deleted_docs_primary",
    "Deleted documents in primary shards.",
  ),
  g("total.docs.count", "indices_docs_total", "Documents, with replicas."),
  g("total.docs.deleted", "indices_deleted_docs_total", "Deleted documents, with replicas."),
  g(
    "primaries.store.size_in_bytes",
    "indices_store_size_bytes_primary",
    "Bytes of primary shards.",
  ),
  g("total.store.size_in_bytes", "indices_store_size_bytes_total", "Bytes, with replicas."),
  g("primaries.segments.count", "indices_segment_count_primary", "Segments of primary shards."),
  g("total.segments.count", "indices_segment_count_total", "Segments, with replicas."),
  c("total.search.query_total", "index_stats_search_query_total", "Queries."),
  c(
    "total.search.query_time_in_millis",
    "index_stats_search_query_time_seconds_total",
    "Time spent on queries.",
    ms,
  ),
  g("total.search.query_current", "search_active_queries", "Queries under way."),
  c("total.search.fetch_total", "index_stats_search_fetch_total", "Fetches."),
  c(
    "total.search.fetch_time_in_millis",
    "index_stats_search_fetch_time_seconds_total",
    "Time spent on fetches.",
    ms,
  ),
  c("total.search.scroll_total", "index_stats_search_scroll_total", "Scrolls."),
  c(
    "total.search.scroll_time_in_millis",
    "index_stats_search_scroll_time_seconds_total",
    "Time for which scrolls were open.",
    ms,
  ),
  g("total.search.scroll_current", "index_stats_search_scroll_current", "Open scrolls."),
  c("total.indexing.index_total", "index_stats_indexing_index_total", "Documents indexed."),
  c(
    "total.indexing.index_time_in_millis",
    "index_stats_indexing_index_time_seconds_total",
    "Time spent indexing.",
    ms,
  ),
  g("total.indexing.index_current", "index_stats_index_current", "Documents being indexed."),
  c(
    "total.indexing.index_failed",
    "index_stats_indexing_index_failed_total",
    "Documents that could not be indexed.",
  ),
  c("total.indexing.delete_total", "index_stats_indexing_delete_total", "Documents deleted."),
  c(
    "total.indexing.delete_time_in_millis",
    "index_stats_indexing_delete_time_seconds_total",
    "Time spent deleting.",
    ms,
  ),
  c(
    "total.indexing.noop_update_total",
    "index_stats_indexing_noop_update_total",
    "Updates that changed nothing.",
  ),
  c(
    "total.indexing.throttle_time_in_millis",
    "index_stats_indexing_throttle_time_seconds_total",
    "Time for which indexing was held back.",
    ms,
  ),
  c("total.get.total", "index_stats_get_total", "Fetches by id."),
  c(
    "total.get.time_in_millis",
    "index_stats_get_time_seconds_total",
    "Time spent fetching by id.",
    ms,
  ),
  c("total.merges.total", "index_stats_merge_total", "Merges."),
  c(
    "total.merges.total_time_in_millis",
    "index_stats_merge_time_seconds_total",
    "Time spent merging.",
    ms,
  ),
  c(
    "total.merges.total_throttled_time_in_millis",
    "index_stats_merge_throttle_time_seconds_total",
    "Time for which merges were held back.",
    ms,
  ),
  c("total.refresh.total", "index_stats_refresh_total", "Refreshes."),
  c(
    "total.refresh.total_time_in_millis",
    "index_stats_refresh_time_seconds_total",
    "Time spent on refreshes.",
    ms,
  ),
  c("total.flush.total", "index_stats_flush_total", "Flushes."),
  c(
    "total.flush.total_time_in_millis",
    "index_stats_flush_time_seconds_total",
    "Time spent on flushes.",
    ms,
  ),
  c(
    "total.query_cache.hit_count",
    "index_stats_query_cache_hits_total",
    "Hits of the query cache.",
  ),
  c(
    "total.query_cache.miss_count",
    "index_stats_query_cache_misses_total",
    "Misses of the query cache.",
  ),
  c(
    "total.request_cache.hit_count",
    "index_stats_request_cache_hits_total",
    "Hits of the request cache.",
  ),
  c(
    "total.request_cache.miss_count",
    "index_stats_request_cache_misses_total",
    "Misses of the request cache.",
  ),
  g(
    "total.indexing.is_throttled",
    "index_stats_indexing_is_throttled",
    "Whether indexing is held back.",
  ),
  g(
    "total.indexing.delete_current",
    "index_stats_indexing_delete_current",
    "Documents being deleted.",
  ),
  c("total.search.suggest_total", "index_stats_search_suggest_total", "Suggestions."),
  c(
    "total.search.suggest_time_in_millis",
    "index_stats_search_suggest_time_seconds_total",
    "Time spent on suggestions.",
    ms,
  ),
  c(
    "total.merges.total_stopped_time_in_millis",
    "index_stats_merge_stopped_time_seconds_total",
    "Time for which merges were stopped.",
    ms,
  ),
  c(
    "total.merges.total_auto_throttle_in_bytes",
    "index_stats_merge_auto_throttle_bytes_total",
    "Bytes a second that merges may write.",
  ),
  c(
    "total.refresh.external_total",
    "index_stats_refresh_external_total",
    "Refreshes that made documents visible.",
  ),
  c(
    "total.refresh.external_total_time_in_millis",
    "index_stats_refresh_external_time_seconds_total",
    "Time of refreshes that made documents visible.",
    ms,
  ),
  c("total.warmer.total", "index_stats_warmer_total", "Warm-ups of searchers."),
  c(
    "total.warmer.total_time_in_millis",
    "index_stats_warmer_time_seconds_total",
    "Time spent on warm-ups.",
    ms,
  ),
  c(
    "total.query_cache.memory_size_in_bytes",
    "index_stats_query_cache_memory_bytes_total",
    "Memory of the query cache.",
  ),
  g("total.query_cache.cache_size", "index_stats_query_cache_size", "Entries of the query cache."),
  c(
    "total.query_cache.cache_count",
    "index_stats_query_cache_caches_total",
    "Entries ever made in the query cache.",
  ),
  c(
    "total.query_cache.evictions",
    "index_stats_query_cache_evictions_total",
    "Entries removed from the query cache.",
  ),
  c(
    "total.request_cache.memory_size_in_bytes",
    "index_stats_request_cache_memory_bytes_total",
    "Memory of the request cache.",
  ),
  c(
    "total.request_cache.evictions",
    "index_stats_request_cache_evictions_total",
    "Entries removed from the request cache.",
  ),
  c(
    "total.fielddata.memory_size_in_bytes",
    "index_stats_fielddata_memory_bytes_total",
    "Memory of field data.",
  ),
  c("total.fielddata.evictions", "index_stats_fielddata_evictions_total", "Field data removed."),
  g(
    "primaries.completion.size_in_bytes",
    "indices_completion_bytes_primary",
    "Memory of completion suggesters, primary shards.",
  ),
  g(
    "total.completion.size_in_bytes",
    "indices_completion_bytes_total",
    "Memory of completion suggesters.",
  ),
  ...segmentMemory.flatMap(([field, primary, total]) => {
    const help = `Memory of segments: ${field}.`;
    return [
      g(`primaries.segments.${field}_in_bytes`, `indices_segment_${primary}`, help),
      g(`total.segments.${field}_in_bytes`, `indices_segment_${total}`, help),
    ];
  }),
];
