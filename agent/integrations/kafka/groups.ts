import { OperatingError } from "#shared/errors.ts";
import type { Broker } from "./broker.ts";
import { WireWriter } from "./wire.ts";

/** What a consumer group committed, in columns: one row a partition. */
export type GroupOffsets = {
  readonly group: string;
  /** Undefined where the broker does not say: it knows the group as dead, or does not describe groups. */
  readonly members: number | undefined;
  readonly topics: readonly string[];
  readonly partitions: readonly number[];
  /** -1 where none is committed. */
  readonly offsets: readonly number[];
};

/** Names of the groups that a broker coordinates. Throws where it may not be asked. */
export async function listGroups(broker: Broker): Promise<string[]> {
  const answer = await broker.ask("listGroups", new WireWriter());
  answer.int32();
  refuse("ListGroups", answer.int16());
  const names: string[] = [];
  answer.list(() => {
    names.push(answer.string());
    answer.string();
  });
  return names;
}

/** Number of members by group. Groups of the new protocol (KIP-848) are unknown to this request, and left out. */
export async function countMembers(
  broker: Broker,
  groups: readonly string[],
): Promise<Map<string, number>> {
  const counts = new Map<string, number>();
  const body = new WireWriter();
  body.list(groups, (group) => body.string(group));
  const answer = await broker.ask("describeGroups", body);
  answer.int32();
  answer.list(() => {
    const code = answer.int16();
    const group = answer.string();
    const state = answer.string();
    answer.string();
    answer.string();
    let members = 0;
    answer.list(() => {
      for (let i = 0; i < 3; i++) answer.string();
      answer.bytes();
      answer.bytes();
      members += 1;
    });
    if (code === 0 && state !== "Dead") counts.set(group, members);
  });
  return counts;
}

/** All that a group committed. */
export async function fetchOffsets(
  broker: Broker,
  group: string,
  members: number | undefined,
): Promise<GroupOffsets> {
  const answer = await broker.ask("offsetFetch", new WireWriter().string(group).nullList());
  answer.int32();
  const found = { group, members, topics: [], partitions: [], offsets: [] } as {
    readonly group: string;
    readonly members: number | undefined;
    readonly topics: string[];
    readonly partitions: number[];
    readonly offsets: number[];
  };
  answer.list(() => {
    const topic = answer.string();
    answer.list(() => {
      const partition = answer.int32();
      const offset = answer.int64();
      answer.string();
      if (answer.int16() !== 0) return;
      found.topics.push(topic);
      found.partitions.push(partition);
      found.offsets.push(offset);
    });
  });
  refuse(`OffsetFetch of ${group}`, answer.int16());
  return found;
}

/** host:port of the broker that coordinates a group. */
export async function findCoordinator(broker: Broker, group: string): Promise<string> {
  const answer = await broker.ask("findCoordinator", new WireWriter().string(group).int8(0));
  answer.int32();
  const code = answer.int16();
  answer.string();
  refuse(`FindCoordinator of ${group}`, code);
  answer.int32();
  const host = answer.string();
  return `${host.includes(":") ? `[${host}]` : host}:${answer.int32()}`;
}

/** Codes that people meet; all others by number. */
const reasons: Readonly<Record<number, string>> = {
  14: "its coordinator is still loading",
  15: "it has no coordinator now",
  16: "the broker does not coordinate it",
  29: "no right to a topic",
  30: "no right to the group",
  31: "no right to the cluster",
  35: "version not supported",
};

function refuse(what: string, code: number): void {
  if (code !== 0)
    throw new OperatingError("unavailable", `${what}: ${reasons[code] ?? `error ${code}`}`);
}
