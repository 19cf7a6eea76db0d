import { type Family, type SampleSink, gauge } from "../../collect/samples/family.ts";
import {
  type JsonObject,
  type NumberAt,
  addNumbers,
  arrayOf,
  numberOf,
  objectOf,
  textOf,
} from "../connections/json_value.ts";
import type { NatsConfig } from "./config.ts";

/** Labels and names as in collector/jsz.go of github.com/nats-io/prometheus-nats-exporter; all are gauges there. */
const serverLabels = "server_id server_name cluster domain meta_leader is_meta_leader".split(" ");
const accountLabels = [...serverLabels, "account", "account_name", "account_id"];
const streamLabels = [
  ...accountLabels,
  "stream_name",
  "stream_leader",
  "is_stream_leader",
  "stream_raft_group",
];
const consumerLabels = [
  ...streamLabels,
  "consumer_name",
  "consumer_leader",
  "is_consumer_leader",
  "consumer_desc",
];
const sourceLabels = [...streamLabels, "source_name", "source_api", "source_deliver"];
const mirrorLabels = [...streamLabels, "mirror_name", "mirror_api", "mirror_deliver"];

const ofServer = (name: string, help: string) =>
  gauge(`jetstream_server_${name}`, help, serverLabels);
const ofAccount = (name: string, help: string) =>
  gauge(`jetstream_account_${name}`, help, accountLabels);
const ofStream = (name: string, help: string) =>
  gauge(`jetstream_stream_${name}`, help, streamLabels);
const ofConsumer = (name: string, help: string) =>
  gauge(`jetstream_consumer_${name}`, help, consumerLabels);

const disabled = ofServer("jetstream_disabled", "Whether JetStream is off.");
const server: readonly NumberAt[] = [
  ["config.max_memory", ofServer("max_memory", "Bytes of memory that JetStream may use.")],
  ["config.max_storage", ofServer("max_storage", "Bytes on disk that JetStream may use.")],
  ["streams", ofServer("total_streams", "Streams.")],
  ["consumers", ofServer("total_consumers", "Consumers.")],
  ["messages", ofServer("total_messages", "Stored messages.")],
  ["bytes", ofServer("total_message_bytes", "Bytes of stored messages.")],
];
const account: readonly NumberAt[] = [
  ["reserved_storage", ofAccount("max_storage", "Bytes on disk reserved for the account.")],
  ["reserved_memory", ofAccount("max_memory", "Bytes of memory reserved for the account.")],
  ["storage", ofAccount("storage_used", "Bytes on disk that the account uses.")],
  ["memory", ofAccount("memory_used", "Bytes of memory that the account uses.")],
];
const stream: readonly NumberAt[] = [
  ["state.messages", ofStream("total_messages", "Messages in the stream.")],
  ["state.bytes", ofStream("total_bytes", "Bytes in the stream.")],
  ["state.first_seq", ofStream("first_seq", "Number of its oldest message.")],
  ["state.last_seq", ofStream("last_seq", "Number of its newest message.")],
  ["state.consumer_count", ofStream("consumer_count", "Consumers of the stream.")],
  ["config.max_bytes", ofStream("limit_bytes", "Bytes it may hold; -1 is no limit.")],
  ["config.max_msgs", ofStream("limit_messages", "Messages it may hold; -1 is no limit.")],
];
const subjectCount = ofStream("subject_count", "Subjects in the stream.");
const consumer: readonly NumberAt[] = [
  [
    "delivered.consumer_seq",
    ofConsumer("delivered_consumer_seq", "Number of the last delivery, counted by consumer."),
  ],
  [
    "delivered.stream_seq",
    ofConsumer("delivered_stream_seq", "Number in the stream of the last message delivered."),
  ],
  ["num_ack_pending", ofConsumer("num_ack_pending", "Delivered, not yet acknowledged messages.")],
  ["num_redelivered", ofConsumer("num_redelivered", "Messages that were delivered again.")],
  ["num_waiting", ofConsumer("num_waiting", "Open requests of a pull consumer.")],
  ["num_pending", ofConsumer("num_pending", "Messages that are still to be delivered.")],
  [
    "ack_floor.stream_seq",
    ofConsumer("ack_floor_stream_seq", "All up to this number in the stream are acknowledged."),
  ],
  [
    "ack_floor.consumer_seq",
    ofConsumer("ack_floor_consumer_seq", "All deliveries up to this number are acknowledged."),
  ],
];
const lastDelivery = ofConsumer("last_delivery_seconds", "Seconds since the last delivery.");
const lastAck = ofConsumer("last_ack_seconds", "Seconds since the last acknowledgement.");

const lagHelp = "Messages that it is behind its origin.";
const activeHelp = "Nanoseconds since it last heard of its origin; -1 is never.";
const sourceLag = gauge("jetstream_stream_source_lag", lagHelp, sourceLabels);
const sourceActive = gauge("jetstream_stream_source_active_duration_ns", activeHelp, sourceLabels);
const mirrorLag = gauge("jetstream_stream_mirror_lag", lagHelp, mirrorLabels);
const mirrorActive = gauge("jetstream_stream_mirror_active_duration_ns", activeHelp, mirrorLabels);

/** What to GET; undefined where JetStream is not to be looked at. */
export function jetStreamPath(depth: NatsConfig["jetstream"]): string | undefined {
  switch (depth) {
    case "off":
      return undefined;
    case "server":
      return "/jsz?accounts=true";
    case "streams":
      return "/jsz?streams=true&config=true&raft=true";
    case "consumers":
      return "/jsz?consumers=true&config=true&raft=true";
  }
}

/** The samples of an answer of /jsz; `varz` names the server. */
export function addJetStream(sink: SampleSink, jsz: JsonObject, varz: JsonObject): void {
  const serverName = textOf(varz["server_name"]);
  const meta = objectOf(jsz["meta_cluster"]);
  const metaLeader = textOf(meta["leader"]);
  const labels = [
    textOf(varz["server_id"]),
    serverName,
    textOf(meta["name"]),
    textOf(objectOf(jsz["config"])["domain"]),
    metaLeader,
    isLeader(jsz["meta_cluster"], serverName),
  ];
  sink.add(disabled, jsz["disabled"] === true ? 1 : 0, ...labels);
  addNumbers(sink, jsz, server, ...labels);
  for (const each of arrayOf(jsz["account_details"])) {
    const one = objectOf(each);
    const name = textOf(one["name"]);
    const ofAccounts = [...labels, name, name, textOf(one["id"])];
    addNumbers(sink, one, account, ...ofAccounts);
    for (const detail of arrayOf(one["stream_detail"]))
      addStream(sink, objectOf(detail), serverName, ofAccounts);
  }
}

function addStream(
  sink: SampleSink,
  one: JsonObject,
  serverName: string,
  ofAccounts: readonly string[],
): void {
  const labels = [
    ...ofAccounts,
    textOf(one["name"]),
    textOf(objectOf(one["cluster"])["leader"]),
    isLeader(one["cluster"], serverName),
    textOf(one["stream_raft_group"]),
  ];
  addNumbers(sink, one, stream, ...labels);
  // The server leaves a count of none out.
  sink.add(subjectCount, numberOf(objectOf(one["state"])["num_subjects"]) ?? 0, ...labels);
  for (const source of arrayOf(one["sources"]))
    addOrigin(sink, objectOf(source), sourceLag, sourceActive, labels);
  const mirror = objectOf(one["mirror"]);
  if (mirror["name"] !== undefined) addOrigin(sink, mirror, mirrorLag, mirrorActive, labels);
  for (const each of arrayOf(one["consumer_detail"]))
    addConsumer(sink, objectOf(each), serverName, labels);
}

function addOrigin(
  sink: SampleSink,
  origin: JsonObject,
  lag: Family,
  active: Family,
  labels: readonly string[],
): void {
  const external = objectOf(origin["external"]);
  const all = [
    ...labels,
    textOf(origin["name"]),
    textOf(external["api"]),
    textOf(external["deliver"]),
  ];
  sink.add(lag, numberOf(origin["lag"]) ?? 0, ...all);
  sink.add(active, numberOf(origin["active"]) ?? 0, ...all);
}

function addConsumer(
  sink: SampleSink,
  one: JsonObject,
  serverName: string,
  ofStreams: readonly string[],
): void {
  const labels = [
    ...ofStreams,
    textOf(one["name"]),
    textOf(objectOf(one["cluster"])["leader"]),
    isLeader(one["cluster"], serverName),
    textOf(objectOf(one["config"])["description"]),
  ];
  addNumbers(sink, one, consumer, ...labels);
  addAge(sink, lastDelivery, one["ts"], objectOf(one["delivered"])["last_active"], labels);
  addAge(sink, lastAck, one["ts"], objectOf(one["ack_floor"])["last_active"], labels);
}

function addAge(
  sink: SampleSink,
  family: Family,
  now: unknown,
  then: unknown,
  labels: readonly string[],
): void {
  const seconds = (Date.parse(textOf(now)) - Date.parse(textOf(then))) / 1_000;
  if (!Number.isNaN(seconds)) sink.add(family, seconds, ...labels);
}

/** What stands alone leads itself. */
function isLeader(cluster: unknown, serverName: string): string {
  if (typeof cluster !== "object" || cluster === null) return "true";
  return String(textOf(objectOf(cluster)["leader"]) === serverName);
}
