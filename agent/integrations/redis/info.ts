import { canonicalFloat } from "#shared/text/exposition/go_float.ts";
import {
  type Family,
  type SampleSink,
  counter,
  familiesByKey,
  gauge,
} from "../../collect/samples/family.ts";
import { addReplicationField } from "./replication.ts";
import { familyOfField, valueOfField } from "./info_fields.ts";

const commandLabels = ["cmd"];
const commands = {
  calls: counter("redis_commands_total", "Calls of a command.", commandLabels),
  seconds: counter(
    "redis_commands_duration_seconds_total",
    "Time that a command took.",
    commandLabels,
  ),
  rejected: counter(
    "redis_commands_rejected_calls_total",
    "Calls of a command that were refused before it ran.",
    commandLabels,
  ),
  failed: counter(
    "redis_commands_failed_calls_total",
    "Calls of a command that ended in an error.",
    commandLabels,
  ),
} as const;
const percentileHelp = "Latency of a command in microseconds, by percentile since the start.";
const percentiles = {
  quantile: summaryPart("", ["cmd", "quantile"]),
  sum: summaryPart("_sum", commandLabels),
  count: summaryPart("_count", commandLabels),
} as const;
const errors = counter("redis_errors_total", "Answers that were errors, by their first word.", [
  "err",
]);
const databases = {
  keys: gauge("redis_db_keys", "Keys in a database.", ["db"]),
  expiring: gauge("redis_db_keys_expiring", "Keys in a database that expire.", ["db"]),
  cached: gauge("redis_db_keys_cached", "Keys of a database that are held in memory (KeyDB).", [
    "db",
  ]),
  ttl: gauge("redis_db_avg_ttl_seconds", "Mean time until keys expire.", ["db"]),
} as const;
const startTime = gauge("redis_start_time_seconds", "Start of the server, Unix seconds.");
const instanceLabels = [
  "role",
  "redis_version",
  "redis_build_id",
  "redis_mode",
  "os",
  "maxmemory_policy",
  "tcp_port",
  "run_id",
  "process_id",
  "master_replid",
  "valkey_version",
  "valkey_release_stage",
];
const instanceInfo = gauge("redis_instance_info", "1, with what the server is.", instanceLabels);
const slaveInfo = gauge("redis_slave_info", "1 on a replica, with the server that it follows.", [
  "master_host",
  "master_port",
  "read_only",
]);
const clusterFamily = familiesByKey((field) =>
  gauge(`redis_${field}`, `Field ${field} of the cluster.`),
);

/** What the rest of a tick has to know of INFO. */
export type Info = {
  readonly fields: ReadonlyMap<string, string>;
  /** Microseconds that each command took, by its name as in commandstats ("config|get"). */
  readonly usecByCommand: ReadonlyMap<string, number>;
};

/** Adds what `INFO all` says, section by section. */
export function addInfo(sink: SampleSink, text: string, databaseCount: number): Info {
  const fields = new Map<string, string>();
  const callsByCommand = new Map<string, number>();
  const usecByCommand = new Map<string, number>();
  const seenDatabases = new Set<string>();
  let section = "";
  for (const line of text.split("\r\n")) {
    if (line.startsWith("# ")) section = line.slice(2);
    const at = line.indexOf(":");
    if (at <= 0 || line.startsWith("#")) continue;
    const [field, value] = [line.slice(0, at), line.slice(at + 1)];
    if (section === "Commandstats") addCommand(sink, field, value, callsByCommand, usecByCommand);
    else if (section === "Latencystats")
      addPercentiles(sink, field, value, callsByCommand, usecByCommand);
    else if (section === "Errorstats") addErrors(sink, field, value);
    else if (section === "Keyspace") addDatabase(sink, field, value, seenDatabases);
    else {
      fields.set(field, value);
      if (section === "Replication" && addReplicationField(sink, field, value, fields)) continue;
      addField(sink, field, value);
    }
  }
  for (let i = 0; i < databaseCount; i++) {
    if (seenDatabases.has(`db${i}`)) continue;
    sink.add(databases.keys, 0, `db${i}`);
    sink.add(databases.expiring, 0, `db${i}`);
  }
  addInstance(sink, fields);
  return { fields, usecByCommand };
}

/** Fields of INFO and of CLUSTER INFO, "name:value" each. */
export function addField(sink: SampleSink, field: string, text: string): void {
  const family =
    familyOfField(field) ?? (field.startsWith("cluster_") ? clusterFamily(field) : undefined);
  if (family === undefined) return;
  const value = valueOfField(field, text);
  if (value !== undefined) sink.add(family, value);
}

/** "cmdstat_get:calls=21,usec=175,usec_per_call=8.33,rejected_calls=0,failed_calls=0"; the last two since Redis 6.2. */
function addCommand(
  sink: SampleSink,
  field: string,
  text: string,
  callsByCommand: Map<string, number>,
  usecByCommand: Map<string, number>,
): void {
  const command = field.replace(/^cmdstat_/, "");
  const numbers = numbersOf(text);
  const [calls, usec] = [numbers.get("calls"), numbers.get("usec")];
  if (calls === undefined || usec === undefined) return;
  callsByCommand.set(command, calls);
  usecByCommand.set(command, usec);
  sink.add(commands.calls, calls, command);
  sink.add(commands.seconds, usec / 1e6, command);
  addIfThere(sink, commands.rejected, numbers.get("rejected_calls"), command);
  addIfThere(sink, commands.failed, numbers.get("failed_calls"), command);
}

/** "latency_percentiles_usec_get:p50=0.001,p99=1.003,p99.9=3.007"; sum and count are those of commandstats, which come before. */
function addPercentiles(
  sink: SampleSink,
  field: string,
  text: string,
  callsByCommand: ReadonlyMap<string, number>,
  usecByCommand: ReadonlyMap<string, number>,
): void {
  const command = field.replace(/^latency_percentiles_usec_/, "");
  const [calls, usec] = [callsByCommand.get(command), usecByCommand.get(command)];
  if (calls === undefined || usec === undefined) return;
  for (const [name, value] of numbersOf(text))
    sink.add(percentiles.quantile, value, command, canonicalFloat(Number(name.slice(1))));
  sink.add(percentiles.sum, usec, command);
  sink.add(percentiles.count, calls, command);
}

function addErrors(sink: SampleSink, field: string, text: string): void {
  addIfThere(sink, errors, numbersOf(text).get("count"), field.replace(/^errorstat_/, ""));
}

/** "db0:keys=1,expires=0,avg_ttl=0" */
function addDatabase(sink: SampleSink, database: string, text: string, seen: Set<string>): void {
  if (!/^db\d+$/.test(database)) return;
  seen.add(database);
  const numbers = numbersOf(text);
  addIfThere(sink, databases.keys, numbers.get("keys"), database);
  addIfThere(sink, databases.expiring, numbers.get("expires"), database);
  addIfThere(sink, databases.cached, numbers.get("cached_keys"), database);
  const ttlMs = numbers.get("avg_ttl");
  if (ttlMs !== undefined) sink.add(databases.ttl, ttlMs / 1_000, database);
}

function addInstance(sink: SampleSink, fields: ReadonlyMap<string, string>): void {
  sink.add(instanceInfo, 1, ...instanceLabels.map((name) => fields.get(name) ?? ""));
  if (fields.get("role") === "slave")
    sink.add(
      slaveInfo,
      1,
      ...["master_host", "master_port", "slave_read_only"].map((name) => fields.get(name) ?? ""),
    );
  const uptime = Number(fields.get("uptime_in_seconds"));
  const nowUsec = Number(fields.get("server_time_usec"));
  const nowSeconds = nowUsec > 0 ? Math.floor(nowUsec / 1e6) : Math.floor(Date.now() / 1_000);
  if (!Number.isNaN(uptime)) sink.add(startTime, nowSeconds - uptime);
}

function addIfThere(
  sink: SampleSink,
  family: Family,
  value: number | undefined,
  label: string,
): void {
  if (value !== undefined) sink.add(family, value, label);
}

/** "a=1,b=2.5"; what is no number is left out. */
function numbersOf(text: string): Map<string, number> {
  const numbers = new Map<string, number>();
  for (const part of text.split(",")) {
    const at = part.indexOf("=");
    const value = Number(part.slice(at + 1));
    if (at > 0 && part.length > at + 1 && !Number.isNaN(value))
      numbers.set(part.slice(0, at), value);
  }
  return numbers;
}

function summaryPart(suffix: string, labelNames: readonly string[]): Family {
  const name = "redis_latency_percentiles_usec";
  return {
    ...gauge(name + suffix, percentileHelp, labelNames),
    type: "summary",
    ...(suffix === "" ? {} : { partOf: name }),
  };
}
