import { type SampleSink, gauge } from "../../collect/samples/family.ts";
import type { BsonDocument } from "./bson.ts";
import { arrayOf, numberOf, objectOf, textOf } from "../connections/json_value.ts";

/** Names as mongodb_exporter's compatible mode has them for replica sets. */
const ofSet = (name: string, help: string) =>
  gauge(`mongodb_mongod_replset_${name}`, help, ["set"]);
const ofMember = (name: string, help: string) =>
  gauge(`mongodb_mongod_replset_${name}`, help, ["name", "state", "set", "self"]);
const myState = ofSet("my_state", "State of this member: 1 is primary, 2 secondary.");
const memberCount = ofSet("number_of_members", "Members of the replica set.");
const myName = ofMember("my_name", "This member.");
const replicationLag = ofMember(
  "member_replication_lag",
  "Seconds that the member is behind the primary.",
);
const pingMs = ofMember("member_ping_ms", "Milliseconds to the member and back.");
const heartbeat = ofMember("member_last_heartbeat", "When it last answered, Unix seconds.");
const heartbeatReceived = ofMember(
  "member_last_heartbeat_recv",
  "When it was last heard of, Unix seconds.",
);
const configVersion = ofMember("member_config_version", "Version of the set's configuration.");
const electionDate = ofMember("member_election_date", "When it became primary, Unix seconds.");

/** The samples of an answer of replSetGetStatus. */
export function addReplicaSet(sink: SampleSink, status: BsonDocument): void {
  const set = textOf(status["set"]);
  const members = arrayOf(status["members"]).map(objectOf);
  sink.add(myState, numberOf(status["myState"]) ?? 6, set);
  sink.add(memberCount, members.length, set);
  const primary = members.find((member) => member["stateStr"] === "PRIMARY");
  const newestMs = numberOf(primary?.["optimeDate"]) ?? 0;
  for (const member of members) {
    const isSelf = member["self"] === true;
    const state = textOf(member["stateStr"]);
    const labels = [textOf(member["name"]), state, set, isSelf ? "1" : "0"];
    const add = (family: typeof myName, value: number | undefined) => {
      if (value !== undefined) sink.add(family, value, ...labels);
    };
    if (isSelf) add(myName, 1);
    const optimeMs = numberOf(member["optimeDate"]) ?? 0;
    if (newestMs > 0 && optimeMs > 0 && state !== "PRIMARY")
      add(replicationLag, Math.abs(newestMs - optimeMs) / 1_000);
    add(pingMs, numberOf(member["pingMs"]));
    add(heartbeat, secondsOf(member["lastHeartbeat"]));
    add(heartbeatReceived, secondsOf(member["lastHeartbeatRecv"]));
    add(configVersion, numberOf(member["configVersion"]));
    add(electionDate, numberOf(member["electionTime"]));
  }
}

/** Dates are milliseconds; 1970 stands for never. */
function secondsOf(date: unknown): number | undefined {
  const milliseconds = numberOf(date) ?? 0;
  return milliseconds > 0 ? Math.floor(milliseconds / 1_000) : undefined;
}
