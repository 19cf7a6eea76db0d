import { type SampleSink, gauge } from "../../collect/samples/family.ts";
import type { GroupOffsets } from "./groups.ts";
import type { Partitions } from "./partitions.ts";

/** Names and labels as in github.com/danielqsj/kafka_exporter; all are gauges there. */
const brokers = gauge("kafka_brokers", "Brokers of the cluster.");
const brokerInfo = gauge("kafka_broker_info", "Where a broker is reached.", ["id", "address"]);
const partitionCount = gauge("kafka_topic_partitions", "Partitions of the topic.", ["topic"]);
const ofPartition = (name: string, help: string) =>
  gauge(`kafka_topic_partition_${name}`, help, ["topic", "partition"]);
const newest = ofPartition("current_offset", "Offset that the next message gets.");
const oldest = ofPartition("oldest_offset", "Offset of the oldest message that is kept.");
const leader = ofPartition("leader", "Id of the broker that leads the partition.");
const replicas = ofPartition("replicas", "Copies that the partition should have.");
const inSync = ofPartition("in_sync_replica", "Copies that are up to date.");
const isPreferred = ofPartition("leader_is_preferred", "Whether the first of its replicas leads.");
const isUnder = ofPartition("under_replicated_partition", "Whether copies are missing or behind.");
const ofGroup = (name: string, help: string, labels: readonly string[]) =>
  gauge(`kafka_consumergroup_${name}`, help, ["consumergroup", ...labels]);
const members = ofGroup("members", "Members of the group.", []);
const committed = ofGroup("current_offset", "Offset that the group committed.", [
  "topic",
  "partition",
]);
const committedSum = ofGroup("current_offset_sum", "Sum of the offsets that the group committed.", [
  "topic",
]);
const lag = ofGroup("lag", "Messages that the group has not committed yet; -1 is unknown.", [
  "topic",
  "partition",
]);
const lagSum = ofGroup("lag_sum", "Messages of the topic that the group has not committed yet.", [
  "topic",
]);

/** Gives the number of partitions that have a leader and yet told no offset. */
export function addPartitions(sink: SampleSink, cluster: Partitions): number {
  sink.add(brokers, cluster.brokers.length);
  for (const { id, address } of cluster.brokers) sink.add(brokerInfo, 1, String(id), address);
  const counts = new Float64Array(cluster.topics.length);
  let untold = 0;
  for (const [row, place] of cluster.topic.entries()) {
    counts[place] = (counts[place] ?? 0) + 1;
    const topic = cluster.topics[place] ?? "";
    const partition = String(cluster.index[row]);
    const leaderId = cluster.leader[row] ?? -1;
    const copies = cluster.replicas[row] ?? 0;
    const upToDate = cluster.inSync[row] ?? 0;
    const [newestOffset, oldestOffset] = [
      cluster.newest[row] ?? Number.NaN,
      cluster.oldest[row] ?? Number.NaN,
    ];
    if (leaderId >= 0) {
      sink.add(leader, leaderId, topic, partition);
      if (Number.isNaN(newestOffset)) untold += 1;
    }
    if (!Number.isNaN(newestOffset)) sink.add(newest, newestOffset, topic, partition);
    if (!Number.isNaN(oldestOffset)) sink.add(oldest, oldestOffset, topic, partition);
    sink.add(replicas, copies, topic, partition);
    sink.add(inSync, upToDate, topic, partition);
    const leads = leaderId >= 0 && leaderId === cluster.preferred[row];
    sink.add(isPreferred, leads ? 1 : 0, topic, partition);
    sink.add(isUnder, upToDate < copies ? 1 : 0, topic, partition);
  }
  for (const [place, topic] of cluster.topics.entries())
    sink.add(partitionCount, counts[place] ?? 0, topic);
  return untold;
}

/** Lag is against the newest offsets of this tick, which are a moment older: it may not fall below 0 by that. */
export function addGroups(
  sink: SampleSink,
  cluster: Partitions,
  groups: readonly GroupOffsets[],
): void {
  for (const { group, members: count, topics, partitions, offsets } of groups) {
    if (count !== undefined) sink.add(members, count, group);
    const sums = new Map<string, { committed: number; lag: number }>();
    for (const [i, topic] of topics.entries()) {
      const index = partitions[i] ?? 0;
      const offset = offsets[i] ?? -1;
      const row = cluster.rowOf(topic, index);
      // A topic that is gone, or not wanted.
      if (row === undefined || offset < 0) continue;
      const sum = sums.get(topic) ?? { committed: 0, lag: 0 };
      sums.set(topic, sum);
      const end = cluster.newest[row] ?? Number.NaN;
      const behind = Number.isNaN(end) ? -1 : Math.max(0, end - offset);
      sink.add(committed, offset, group, topic, String(index));
      sink.add(lag, behind, group, topic, String(index));
      sum.committed += offset;
      sum.lag += Math.max(0, behind);
    }
    for (const [topic, sum] of sums) {
      sink.add(committedSum, sum.committed, group, topic);
      sink.add(lagSum, sum.lag, group, topic);
    }
  }
}
