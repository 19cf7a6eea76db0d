import { type SampleSink, counter, gauge } from "../../collect/samples/family.ts";
import {
  type JsonObject,
  type NumberAt,
  addNumbers,
  arrayOf,
  numberOf,
  objectOf,
  textOf,
  valueAt,
} from "../connections/json_value.ts";
import { nodeNumbers } from "./node_families.ts";
import { nodeLabels, nodeLabelsOf, rolesOf } from "./node_labels.ts";
import { numbersOf } from "./numbers.ts";

const ms = 0.001;
const roleOf = gauge("elasticsearch_nodes_roles", "Whether the node has the role.", [
  "cluster",
  "host",
  "name",
  "node",
  "role",
]);

const caches = numbersOf([...nodeLabels, "cache"]);
const hits: readonly NumberAt[] = [
  caches.c("query_cache.hit_count", "indices_query_cache_count", "Hits of the query cache."),
  caches.c("request_cache.hit_count", "indices_request_cache_count", "Hits of the request cache."),
];
const misses: readonly NumberAt[] = [
  caches.c("query_cache.miss_count", "indices_query_miss_count", "Misses of the query cache."),
  caches.c(
    "request_cache.miss_count",
    "indices_request_miss_count",
    "Misses of the request cache.",
  ),
];

const ofArea = (name: string, help: string) =>
  gauge(`elasticsearch_jvm_memory_${name}`, help, [...nodeLabels, "area"]);
const used = ofArea("used_bytes", "Memory of the JVM that is used.");
const committed = ofArea("committed_bytes", "Memory that the JVM took from the system.");
const max = ofArea("max_bytes", "Memory that the JVM may use.");
const memory: readonly (readonly [path: string, area: string, family: typeof used])[] = [
  ["heap_used_in_bytes", "heap", used],
  ["non_heap_used_in_bytes", "non-heap", used],
  ["heap_max_in_bytes", "heap", max],
  ["heap_committed_in_bytes", "heap", committed],
  ["non_heap_committed_in_bytes", "non-heap", committed],
];
/** The exporter's label, whatever it means there. */
const uptime = numbersOf([...nodeLabels, "type"]).g(
  "jvm.uptime_in_millis",
  "jvm_uptime_seconds",
  "Seconds since the JVM started.",
  ms,
);
const bufferPool = gauge(
  "elasticsearch_jvm_buffer_pool_used_bytes",
  "Memory outside of the heap.",
  [...nodeLabels, "type"],
);
const gcCount = counter("elasticsearch_jvm_gc_collection_seconds_count", "Garbage collections.", [
  ...nodeLabels,
  "gc",
]);
const gcSum = counter(
  "elasticsearch_jvm_gc_collection_seconds_sum",
  "Time spent on garbage collections.",
  [...nodeLabels, "gc"],
);
const pressureLabels = ["cluster", "host", "name", "indexing_pressure"];
const pressure = numbersOf(pressureLabels);

/** Parts of a node that hold one object for each of some names, which become the last label. */
const named: readonly (readonly [path: string, table: readonly NumberAt[]])[] = [
  [
    "jvm.mem.pools",
    withLabel("pool", ({ g, c }) => [
      g("used_in_bytes", "jvm_memory_pool_used_bytes", "Memory of the pool that is used."),
      c("max_in_bytes", "jvm_memory_pool_max_bytes", "Memory that the pool may use."),
      c("peak_used_in_bytes", "jvm_memory_pool_peak_used_bytes", "Most that the pool ever used."),
      c("peak_max_in_bytes", "jvm_memory_pool_peak_max_bytes", "Largest limit of the pool."),
    ]),
  ],
  [
    "breakers",
    withLabel("breaker", ({ g, c }) => [
      g("estimated_size_in_bytes", "breakers_estimated_size_bytes", "Memory that it counts."),
      g("limit_size_in_bytes", "breakers_limit_size_bytes", "Memory above which it trips."),
      c("tripped", "breakers_tripped", "Requests that it refused."),
      c("overhead", "breakers_overhead", "Factor that estimates are multiplied with."),
    ]),
  ],
  [
    "thread_pool",
    withLabel("type", ({ g, c }) => [
      c("completed", "thread_pool_completed_count", "Tasks done."),
      c("rejected", "thread_pool_rejected_count", "Tasks refused because the queue was full."),
      g("active", "thread_pool_active_count", "Threads that work."),
      g("largest", "thread_pool_largest_count", "Most threads that there ever were."),
      g("queue", "thread_pool_queue_count", "Tasks that wait."),
      g("threads", "thread_pool_threads_count", "Threads."),
    ]),
  ],
];
const files = numbersOf([...nodeLabels, "mount", "path"]);
const disks: readonly NumberAt[] = [
  files.g(
    "available_in_bytes",
    "filesystem_data_available_bytes",
    "Disk space that the process may still use.",
  ),
  files.g("free_in_bytes", "filesystem_data_free_bytes", "Free disk space."),
  files.g("total_in_bytes", "filesystem_data_size_bytes", "Size of the file system."),
];
const devices = withLabel("device", ({ c }) => [
  c("operations", "filesystem_io_stats_device_operations_count", "Reads and writes."),
  c("read_operations", "filesystem_io_stats_device_read_operations_count", "Reads."),
  c("write_operations", "filesystem_io_stats_device_write_operations_count", "Writes."),
  c("read_kilobytes", "filesystem_io_stats_device_read_size_kilobytes_sum", "Kilobytes read."),
  c("write_kilobytes", "filesystem_io_stats_device_write_size_kilobytes_sum", "Kilobytes written."),
]);
const indexingPressure: readonly NumberAt[] = [
  pressure.g(
    "current.all_in_bytes",
    "indexing_pressure_current_all_in_bytes",
    "Bytes of documents that are being indexed.",
  ),
  pressure.g(
    "limit_in_bytes",
    "indexing_pressure_limit_in_bytes",
    "Bytes above which documents are refused.",
  ),
];

function withLabel(
  label: string,
  rows: (numbers: ReturnType<typeof numbersOf>) => readonly NumberAt[],
): readonly NumberAt[] {
  return rows(numbersOf([...nodeLabels, label]));
}

/** One node of /_nodes/stats. What its version does not tell is left out, where the exporter says 0. */
export function addNode(sink: SampleSink, node: JsonObject, cluster: string, id: string): void {
  const roles = rolesOf(node);
  const labels = nodeLabelsOf(node, cluster, roles);
  const [, host = "", name = ""] = labels;
  for (const [role, has] of roles) sink.add(roleOf, has ? 1 : 0, cluster, host, name, id, role);
  addNumbers(sink, node, nodeNumbers, ...labels);
  addNumbers(sink, node["indices"], hits, ...labels, "hit");
  addNumbers(sink, node["indices"], misses, ...labels, "miss");
  addNumbers(sink, node, [uptime], ...labels, "mapped");
  const heap = objectOf(valueAt(node, "jvm.mem"));
  for (const [path, area, family] of memory) {
    const value = numberOf(heap[path]);
    if (value !== undefined) sink.add(family, value, ...labels, area);
  }
  for (const [type, pool] of entriesAt(node, "jvm.buffer_pools")) {
    const value = numberOf(pool["used_in_bytes"]);
    if (value !== undefined) sink.add(bufferPool, value, ...labels, type);
  }
  for (const [gc, stats] of entriesAt(node, "jvm.gc.collectors")) {
    sink.add(gcCount, numberOf(stats["collection_count"]) ?? 0, ...labels, gc);
    sink.add(gcSum, (numberOf(stats["collection_time_in_millis"]) ?? 0) * ms, ...labels, gc);
  }
  for (const [path, table] of named)
    for (const [key, each] of entriesAt(node, path)) addNumbers(sink, each, table, ...labels, key);
  for (const [key, each] of entriesAt(node, "indexing_pressure"))
    addNumbers(sink, each, indexingPressure, cluster, host, name, key);
  for (const each of arrayOf(valueAt(node, "fs.data"))) {
    const one = objectOf(each);
    addNumbers(sink, one, disks, ...labels, textOf(one["mount"]), textOf(one["path"]));
  }
  for (const each of arrayOf(valueAt(node, "fs.io_stats.devices"))) {
    const one = objectOf(each);
    addNumbers(sink, one, devices, ...labels, textOf(one["device_name"]));
  }
}

function entriesAt(node: JsonObject, path: string): [string, JsonObject][] {
  return Object.entries(objectOf(valueAt(node, path))).map(([key, each]) => [key, objectOf(each)]);
}
