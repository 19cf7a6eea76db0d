import {
  type SampleSink,
  counter,
  familiesByKey,
  gauge,
  untyped,
} from "../../collect/samples/family.ts";
import { type SqlRow, labelOf } from "../connections/sql_connection.ts";
import { metricName, variableValue } from "./variable_value.ts";

const group =
  /^(com|handler|connection_errors|innodb_buffer_pool_pages|innodb_rows|performance_schema)_(.*)$/;
const commands = counter("mysql_global_status_commands_total", "Commands by kind.", ["command"]);
const grouped = new Map([
  ["com", commands],
  [
    "handler",
    counter("mysql_global_status_handlers_total", "Calls of storage engines by kind.", ["handler"]),
  ],
  [
    "connection_errors",
    counter("mysql_global_status_connection_errors_total", "Connections that failed, by reason.", [
      "error",
    ]),
  ],
  [
    "innodb_rows",
    counter("mysql_global_status_innodb_row_ops_total", "Rows that InnoDB worked on.", [
      "operation",
    ]),
  ],
  [
    "performance_schema",
    counter(
      "mysql_global_status_performance_schema_lost_total",
      "What performance_schema had no room for.",
      ["instrumentation"],
    ),
  ],
]);
const pages = {
  state: gauge("mysql_global_status_buffer_pool_pages", "Pages of InnoDB's buffer pool by state.", [
    "state",
  ]),
  dirty: gauge(
    "mysql_global_status_buffer_pool_dirty_pages",
    "Pages of InnoDB's buffer pool that are not written yet.",
  ),
  changes: counter(
    "mysql_global_status_buffer_pool_page_changes_total",
    "Changes of pages in InnoDB's buffer pool.",
    ["operation"],
  ),
} as const;
const plain = familiesByKey((name) =>
  untyped(`mysql_global_status_${name}`, "A number of SHOW GLOBAL STATUS."),
);
const galera = gauge("mysql_galera_status_info", "1, with the state of the cluster.", [
  "wsrep_local_state_uuid",
  "wsrep_cluster_state_uuid",
  "wsrep_provider_version",
]);
const latencyParts = ["min_seconds", "avg_seconds", "max_seconds", "stdev", "sample_size"].map(
  (name) =>
    gauge(`mysql_galera_evs_repl_latency_${name}`, "Latency of the cluster's group messages."),
);

/** SHOW GLOBAL STATUS, by names as in mysqld_exporter. */
export function addGlobalStatus(sink: SampleSink, rows: readonly SqlRow[]): void {
  const texts = new Map<string, string>();
  for (const row of rows) {
    const name = metricName(labelOf(row.Variable_name));
    const value = variableValue(row.Value);
    if (value !== undefined) addStatus(sink, name, value);
    else if (name.startsWith("wsrep_")) texts.set(name, labelOf(row.Value));
  }
  if ((texts.get("wsrep_local_state_uuid") ?? "") !== "")
    sink.add(galera, 1, ...galera.labelNames.map((name) => texts.get(name) ?? ""));
  // "0.0001/0.0002/0.0003/0.0001/12"
  const latency = (texts.get("wsrep_evs_repl_latency") ?? "").split("/").map(Number);
  if (latency.length === latencyParts.length && !latency.some(Number.isNaN))
    for (const [i, family] of latencyParts.entries()) sink.add(family, latency[i] ?? 0);
}

function addStatus(sink: SampleSink, name: string, value: number): void {
  const [, kind = "", rest = ""] = group.exec(name) ?? [];
  const family = grouped.get(kind);
  if (family !== undefined) sink.add(family, value, rest);
  else if (kind === "innodb_buffer_pool_pages") addPages(sink, rest, value);
  else sink.add(plain(name), value);
}

function addPages(sink: SampleSink, name: string, value: number): void {
  if (["data", "free", "misc", "old"].includes(name)) sink.add(pages.state, value, name);
  else if (name === "dirty") sink.add(pages.dirty, value);
  // The total is the sum of the states.
  else if (name !== "total") sink.add(pages.changes, value, name);
}
