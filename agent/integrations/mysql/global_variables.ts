import { type SampleSink, familiesByKey, gauge } from "../../collect/samples/family.ts";
import { type SqlRow, labelOf } from "../connections/sql_connection.ts";
import { metricName, variableValue } from "./variable_value.ts";

const plain = familiesByKey((name) =>
  gauge(`mysql_global_variables_${name}`, "A setting of the server."),
);
const versionInfo = gauge("mysql_version_info", "1, with the server's version.", [
  "innodb_version",
  "version",
  "version_comment",
]);
const isolation = gauge("mysql_transaction_isolation", "1, with the isolation of transactions.", [
  "level",
]);
const galeraInfo = gauge("mysql_galera_variables_info", "1, with the name of the cluster.", [
  "wsrep_cluster_name",
]);
const galeraCache = gauge("mysql_galera_gcache_size_bytes", "Size of the cluster's write cache.");

/** Texts that are told or decided by; others are not kept. */
const wanted = new Set([
  "innodb_version",
  "version",
  "version_comment",
  "wsrep_cluster_name",
  "wsrep_provider_options",
  "tx_isolation",
  "transaction_isolation",
]);

/** SHOW GLOBAL VARIABLES, by names as in mysqld_exporter; the texts among them that are told or decided by. */
export function addGlobalVariables(
  sink: SampleSink,
  rows: readonly SqlRow[],
): ReadonlyMap<string, string> {
  const texts = new Map<string, string>();
  for (const row of rows) {
    const name = metricName(labelOf(row.Variable_name));
    const value = variableValue(row.Value);
    if (value !== undefined) sink.add(plain(name), value);
    // A version such as "10.11" is a number, too.
    if (wanted.has(name)) texts.set(name, labelOf(row.Value));
    else if (name === "performance_schema" || name === "query_response_time_stats")
      texts.set(name, value === 1 ? "on" : "off");
  }
  sink.add(versionInfo, 1, ...versionInfo.labelNames.map((name) => texts.get(name) ?? ""));
  const level = texts.get("transaction_isolation") ?? texts.get("tx_isolation");
  if (level !== undefined) sink.add(isolation, 1, level);
  const [cluster = "", provider = ""] = ["wsrep_cluster_name", "wsrep_provider_options"].map(
    (name) => texts.get(name),
  );
  if (cluster !== "") sink.add(galeraInfo, 1, cluster);
  if (provider !== "") sink.add(galeraCache, cacheBytes(provider));
  return texts;
}

/** "... gcache.size = 128M; ..." */
function cacheBytes(options: string): number {
  const [, count = "0", unit = ""] = /gcache\.size = (\d+)([KMG]?);/.exec(options) ?? [];
  return Number(count) * 1_024 ** ["", "K", "M", "G"].indexOf(unit);
}
