import { formatDuration } from "#shared/text/duration.ts";
import type { AggregatorConfig } from "../config/config.ts";
import type { Block } from "../read/store.ts";
import { limitMax } from "./routes/prometheus/search/params.ts";
import type { BlockMeta } from "./routes/prometheus/status_routes.ts";

/** Our configuration in the names of Prometheus's flags, for those that mean the same. */
export function flagsOf(config: AggregatorConfig): Readonly<Record<string, string>> {
  const { promql } = config.query;
  return {
    "enable-feature": enabledFeatures(config).join(","),
    "log.level": config.log.level,
    "query.lookback-delta": formatDuration(promql.lookback),
    "query.max-samples": String(promql.samples_max),
    "query.max-concurrency": String(promql.concurrency_max),
    "query.timeout": formatDuration(promql.timeout),
    "storage.remote.read-concurrent-limit": "10",
    "storage.remote.read-max-bytes-in-frame": "1048576",
    "storage.remote.read-sample-limit": "50000000",
    "storage.tsdb.path": config.data_dir,
    "storage.tsdb.retention.time": formatDuration(config.storage.retention.metrics),
    "web.cors.origin": config.http.cors.origins.join("|"),
    "web.enable-admin-api": "true",
    "web.enable-lifecycle": String(config.lifecycle.reload),
    "web.listen-address": config.listen,
    "web.search.max-limit": String(limitMax),
  };
}

/** Prometheus's feature flags that hold here: what is experimental in PromQL always does. */
function enabledFeatures({ query: { promql } }: AggregatorConfig): readonly string[] {
  return [
    "exemplar-storage",
    "promql-binop-fill-modifiers",
    ...(promql.delayed_name_removal ? ["promql-delayed-name-removal"] : []),
    "promql-duration-expr",
    "promql-experimental-functions",
    "promql-extended-range-selectors",
    "promql-per-step-stats",
    "search-api",
    "st-storage",
    ...(promql.use_start_timestamps ? ["use-start-timestamps"] : []),
  ];
}

/** The blocks of a tenant's metrics, the oldest first. */
export function blockMetas(blocks: readonly Block[], tenant: string): BlockMeta[] {
  return blocks
    .filter((block) => block.tenant === tenant && block.signal === "metrics")
    .toSorted((a, b) => a.minMs - b.minMs)
    .map(({ id, minMs, maxMs, items }) => ({
      ulid: id,
      minTime: minMs,
      // The end of a block's range is not in it.
      maxTime: maxMs + 1,
      stats: { numSamples: items },
      compaction: { level: 1, sources: [id] },
      version: 1,
    }));
}
