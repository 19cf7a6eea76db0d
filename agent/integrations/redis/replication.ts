import { type SampleSink, gauge } from "../../collect/samples/family.ts";

const masterLabels = ["master_host", "master_port"];
const master = {
  link: gauge(
    "redis_master_link_up",
    "Whether a replica is connected to its master.",
    masterLabels,
  ),
  lastIo: gauge(
    "redis_master_last_io_seconds_ago",
    "Seconds since a replica heard of its master.",
    masterLabels,
  ),
  sync: gauge(
    "redis_master_sync_in_progress",
    "Whether a replica takes a full copy.",
    masterLabels,
  ),
  offset: gauge("redis_slave_repl_offset", "How far a replica has read, in bytes.", masterLabels),
} as const;
const replicaLabels = ["slave_ip", "slave_port", "slave_state"];
const replica = {
  offset: gauge(
    "redis_connected_slave_offset_bytes",
    "How far a connected replica has read.",
    replicaLabels,
  ),
  lag: gauge(
    "redis_connected_slave_lag_seconds",
    "Seconds since a connected replica was heard of.",
    replicaLabels,
  ),
} as const;

/** A field of INFO's section Replication that has labels; false where it is a plain one. `fields` holds those before it. */
export function addReplicationField(
  sink: SampleSink,
  field: string,
  text: string,
  fields: ReadonlyMap<string, string>,
): boolean {
  // KeyDB follows several: master_1_host, master_1_port ...
  const number = /^master(_\d+)_/.exec(field)?.[1] ?? "";
  const labels = [fields.get(`master${number}_host`), fields.get(`master${number}_port`)].map(
    (value) => value ?? "",
  );
  switch (field.replace(number, "")) {
    case "master_link_status":
      sink.add(master.link, text === "up" ? 1 : 0, ...labels);
      return true;
    case "master_last_io_seconds_ago":
      sink.add(master.lastIo, Number(text), ...labels);
      return true;
    case "master_sync_in_progress":
      sink.add(master.sync, Number(text), ...labels);
      return true;
    case "slave_repl_offset":
      sink.add(master.offset, Number(text), ...labels);
      return true;
    default:
      return /^slave\d+$/.test(field) && addReplica(sink, text);
  }
}

/** "ip=10.254.11.1,port=6379,state=online,offset=1751844676,lag=0" */
function addReplica(sink: SampleSink, text: string): boolean {
  const parts = new Map(text.split(",").map((part) => [part.split("=")[0], part.split("=")[1]]));
  const labels = ["ip", "port", "state"].map((name) => parts.get(name) ?? "");
  const [offset, lag] = [Number(parts.get("offset")), Number(parts.get("lag"))];
  if (!Number.isNaN(offset)) sink.add(replica.offset, offset, ...labels);
  if (!Number.isNaN(lag) && lag >= 0) sink.add(replica.lag, lag, ...labels);
  return true;
}
