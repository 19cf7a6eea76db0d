import { type Family, type SampleSink, gauge } from "../../collect/samples/family.ts";
import { numberOf, valueAt } from "../connections/json_value.ts";
import type { BsonDocument } from "./bson.ts";

/** Metrics that are sums of numbers of serverStatus; names and parts as in exporter/v1_compatibility.go of github.com/percona/mongodb_exporter. */
const sums: readonly (readonly [family: Family, paths: readonly string[]])[] = [
  [
    gauge("mongodb_mongod_wiredtiger_cache_evicted_total", "Pages that left the cache."),
    ["wiredTiger.cache.modified pages evicted", "wiredTiger.cache.unmodified pages evicted"],
  ],
  [
    gauge(
      "mongodb_mongod_locks_time_acquiring_global_microseconds_total",
      "Waited for the global lock by those that share it.",
    ),
    ["locks.Global.timeAcquiringMicros.r", "locks.Global.timeAcquiringMicros.w"],
  ],
];

/** A part that the server does not tell counts as 0; where all lack, there is no sum. */
export function addSums(sink: SampleSink, status: BsonDocument): void {
  for (const [family, paths] of sums) {
    const parts = paths
      .map((path) => numberOf(valueAt(status, path)))
      .filter((part) => part !== undefined);
    if (parts.length === 0) continue;
    sink.add(
      family,
      parts.reduce((sum, part) => sum + part, 0),
    );
  }
}
