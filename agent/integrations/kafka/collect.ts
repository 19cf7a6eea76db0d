import { OperatingError, messageOf } from "#shared/errors.ts";
import type { OpenInstance, Tick } from "../integration.ts";
import { Broker } from "./broker.ts";
import type { KafkaConfig } from "./config.ts";
import {
  type GroupOffsets,
  countMembers,
  fetchOffsets,
  findCoordinator,
  listGroups,
} from "./groups.ts";
import { isLowestBroker } from "./own_broker.ts";
import { Partitions } from "./partitions.ts";
import { addGroups, addPartitions } from "./samples.ts";
import { WireWriter } from "./wire.ts";

const latest = -1n;
const earliest = -2n;

/** Asks by new connections each tick: one to each broker, all at the same time. */
export const openKafka: OpenInstance<KafkaConfig> = (config) => ({
  async collect(sink, tick) {
    const open = new Map<string, Broker>();
    const connect = async (address: string): Promise<Broker> => {
      const known = open.get(address);
      if (known !== undefined) return known;
      const broker = await Broker.open(address, config, tick.signal);
      open.set(address, broker);
      return broker;
    };
    try {
      const first = await firstOf(config.brokers, connect);
      const cluster = await readCluster(first, config);
      const [asked = ""] = config.brokers;
      if (
        config.cluster_from === "lowest_broker" &&
        !(await isLowestBroker(asked, cluster.brokers))
      )
        return;
      const groups: GroupOffsets[] = [];
      await Promise.all(
        cluster.brokers.map(({ id, address }) =>
          orDegraded(tick, `broker ${id} (${address})`, async () => {
            const broker = await connect(address);
            await readOffsets(broker, cluster, id);
            await readGroups(broker, config, tick, id, groups);
          }),
        ),
      );
      for (const name of config.group_names)
        if (groups.every(({ group }) => group !== name))
          await orDegraded(tick, `group ${name}`, async () => {
            const broker = await connect(await findCoordinator(first, name));
            const members = await membersOf(broker, [name]);
            groups.push(await fetchOffsets(broker, name, members.get(name)));
          });
      const untold = addPartitions(sink, cluster);
      if (untold > 0) tick.degraded(`${untold} partitions tell no offset`);
      addGroups(sink, cluster, groups);
    } finally {
      for (const broker of open.values()) broker.close();
    }
  },
});

/** The first broker that answers; where none does, the last one's reason. */
async function firstOf(
  addresses: readonly string[],
  connect: (address: string) => Promise<Broker>,
): Promise<Broker> {
  let reason = "";
  for (const address of addresses)
    try {
      return await connect(address);
    } catch (thrown) {
      reason = `${address}: ${messageOf(thrown)}`;
    }
  throw new OperatingError("unavailable", reason);
}

async function readCluster(broker: Broker, config: KafkaConfig): Promise<Partitions> {
  const version = broker.versionOf("metadata") ?? 0;
  const body = new WireWriter().nullList();
  // No topic may come to be because it was asked for.
  if (version >= 4) body.int8(0);
  const isWanted = wanted(config.topics, config.topics_exclude);
  try {
    return Partitions.read(await broker.ask("metadata", body), version, isWanted);
  } catch (thrown) {
    // A broker hangs up on whoever asks for anything before the login that it wants.
    const hint =
      config.username === undefined ? " (none is logged in: it may want a username)" : "";
    throw new OperatingError("unavailable", `${messageOf(thrown)}${hint}`, { cause: thrown });
  }
}

/** Newest and oldest offsets of the partitions that the broker leads. */
async function readOffsets(broker: Broker, cluster: Partitions, id: number): Promise<void> {
  const led = cluster.ledBy(id);
  if (led.size === 0) return;
  for (const [time, offsets] of [
    [latest, cluster.newest],
    [earliest, cluster.oldest],
  ] as const) {
    const body = new WireWriter().int32(-1).int8(0);
    body.list([...led], ([topic, rows]) => {
      body.string(topic).list(rows, (row) => {
        body.int32(cluster.index[row] ?? 0).int64(time);
      });
    });
    const answer = await broker.ask("listOffsets", body);
    answer.int32();
    answer.list(() => {
      const topic = answer.string();
      answer.list(() => {
        const row = cluster.rowOf(topic, answer.int32());
        const code = answer.int16();
        answer.int64();
        const offset = answer.int64();
        if (row !== undefined && code === 0) offsets[row] = offset;
      });
    });
  }
}

/** Adds what the groups that the broker coordinates committed. */
async function readGroups(
  broker: Broker,
  config: KafkaConfig,
  tick: Tick,
  id: number,
  groups: GroupOffsets[],
): Promise<void> {
  if (config.groups_max === 0) return;
  await orDegraded(tick, `groups of broker ${id}`, async () => {
    const isWanted = wanted(config.groups, config.groups_exclude);
    const names = (await listGroups(broker)).filter(isWanted);
    const taken = names.slice(0, config.groups_max);
    if (taken.length < names.length)
      tick.degraded(`broker ${id}: ${names.length - taken.length} groups are beyond groups_max`);
    const members = await membersOf(broker, taken);
    for (const name of taken)
      await orDegraded(tick, `broker ${id}`, async () => {
        groups.push(await fetchOffsets(broker, name, members.get(name)));
      });
  });
}

async function membersOf(broker: Broker, groups: readonly string[]): Promise<Map<string, number>> {
  if (groups.length === 0 || broker.versionOf("describeGroups") === undefined) return new Map();
  return countMembers(broker, groups);
}

type Pattern = { test(text: string): boolean };

function wanted(only: Pattern | undefined, but: Pattern | undefined): (name: string) => boolean {
  return (name) => (only?.test(name) ?? true) && !(but?.test(name) ?? false);
}

async function orDegraded(tick: Tick, part: string, ask: () => Promise<void>): Promise<void> {
  try {
    await ask();
  } catch (thrown) {
    if (tick.signal.aborted) throw thrown;
    tick.degraded(`${part}: ${messageOf(thrown)}`);
  }
}
