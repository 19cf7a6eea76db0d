import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Kafka, logLevel } from "kafkajs";
import { messageOf } from "#shared/errors.ts";
import { severity } from "#shared/model/logs.ts";
import { freePort } from "#test/support/free_port.ts";
import { givenHost } from "#test/support/given_host.ts";
import { expectAssets } from "#test/support/integration_assets.ts";
import { LogsUnderTest } from "#test/support/integration_logs.ts";
import { InstanceUnderTest } from "#test/support/integration_world.ts";
import { KafkaBroker, type KafkaState } from "#test/support/kafka_broker.ts";
import { kafka } from "./integration.ts";

const folder = mkdtempSync(join(tmpdir(), "lapwing-kafka-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const login = { username: "lapwing", password: "hunter2" };
const state: KafkaState = {
  topics: { orders: [100, 50, undefined], audit: [7] },
  groups: {
    billing: {
      members: 2,
      committed: [
        ["orders", 0, 90],
        ["orders", 1, 50],
        ["gone", 0, 3],
      ],
    },
    modern: { members: 0, state: "Dead", committed: [["audit", 0, 5]] },
  },
};

async function tickOf(broker: KafkaBroker, options: object = {}) {
  return new InstanceUnderTest(kafka, { brokers: [broker.address], ...options }, 2_000).tick();
}

test("kafka: topics, partitions, groups and their lag, under the exporter's names", async () => {
  const broker = await KafkaBroker.start(state);
  const { samples, degraded } = await tickOf(broker);
  await broker.stop();
  expect(degraded).toEqual([]);
  const expected: Readonly<Record<string, number | undefined>> = {
    kafka_brokers: 1,
    [`kafka_broker_info{id="1",address="${broker.address}"}`]: 1,
    'kafka_topic_partitions{topic="orders"}': 3,
    'kafka_topic_partition_current_offset{topic="orders",partition="0"}': 100,
    'kafka_topic_partition_oldest_offset{topic="orders",partition="0"}': 2,
    'kafka_topic_partition_current_offset{topic="orders",partition="2"}': undefined,
    'kafka_topic_partition_leader{topic="orders",partition="2"}': undefined,
    'kafka_topic_partition_replicas{topic="orders",partition="0"}': 2,
    'kafka_topic_partition_in_sync_replica{topic="orders",partition="0"}': 1,
    'kafka_topic_partition_leader_is_preferred{topic="orders",partition="0"}': 1,
    'kafka_topic_partition_leader_is_preferred{topic="orders",partition="2"}': 0,
    'kafka_topic_partition_under_replicated_partition{topic="orders",partition="0"}': 1,
    'kafka_consumergroup_members{consumergroup="billing"}': 2,
    // Groups of the new protocol look dead to the old question, and still have offsets.
    'kafka_consumergroup_members{consumergroup="modern"}': undefined,
    'kafka_consumergroup_lag{consumergroup="billing",topic="orders",partition="0"}': 10,
    'kafka_consumergroup_lag{consumergroup="billing",topic="orders",partition="1"}': 0,
    'kafka_consumergroup_lag{consumergroup="billing",topic="gone",partition="0"}': undefined,
    'kafka_consumergroup_lag_sum{consumergroup="billing",topic="orders"}': 10,
    'kafka_consumergroup_current_offset_sum{consumergroup="billing",topic="orders"}': 140,
    'kafka_consumergroup_lag{consumergroup="modern",topic="audit",partition="0"}': 2,
  };
  expect(Object.fromEntries(Object.keys(expected).map((key) => [key, samples.get(key)]))).toEqual(
    expected,
  );
  expectAssets(import.meta.dir, samples.keys());
});

test("kafka: the broker of these tests is one to another client, too", async () => {
  const broker = await KafkaBroker.start({
    ...state,
    topics: { orders: [100, 50], audit: [7] },
    login,
  });
  const client = new Kafka({
    brokers: [broker.address],
    logLevel: logLevel.NOTHING,
    sasl: { mechanism: "scram-sha-512", ...login },
    retry: { retries: 0 },
  });
  const admin = client.admin();
  await admin.connect();
  expect((await admin.listTopics()).toSorted()).toEqual(["audit", "orders"]);
  const { groups } = await admin.listGroups();
  expect(groups.map(({ groupId }) => groupId)).toEqual(["billing", "modern"]);
  const described = await admin.describeGroups(["billing"]);
  expect(described.groups[0]?.members).toHaveLength(2);
  expect(await admin.fetchTopicOffsets("audit")).toMatchObject([{ high: "7", low: "2" }]);
  await admin.disconnect();
  await broker.stop();
});

test("kafka: logs in by PLAIN and SCRAM; a password's file is read at each connect; refusals say no secret", async () => {
  const broker = await KafkaBroker.start({ ...state, login });
  const file = join(folder, "password");
  writeFileSync(file, "wrong\n");
  const { username } = login;
  const scram = { username, password_file: file };
  const reasonOf = (options: object) => tickOf(broker, options).then(() => "answered", messageOf);
  expect(await reasonOf({})).toBe(
    "the connection was closed (none is logged in: it may want a username)",
  );
  expect(await reasonOf(scram)).toBe(
    `${broker.address}: authentication failed: Authentication failed: Invalid credentials`,
  );
  writeFileSync(file, `${login.password}\n`);
  expect(await reasonOf(scram)).toBe("answered");
  expect(await reasonOf({ ...login, sasl_mechanism: "PLAIN" })).toBe("answered");
  expect(await reasonOf({ ...login, sasl_mechanism: "SCRAM-SHA-256" })).toBe(
    `${broker.address}: the broker does not know SCRAM-SHA-256, but PLAIN, SCRAM-SHA-512`,
  );
  await broker.stop();
});

test("kafka: names are chosen by patterns; limits and rights that lack are told", async () => {
  const broker = await KafkaBroker.start(state);
  const chosen = await tickOf(broker, { topics: "ord.*", groups_exclude: "mod.*" });
  const topics = [...chosen.samples.keys()].filter((key) =>
    key.startsWith("kafka_topic_partitions"),
  );
  expect(topics).toEqual(['kafka_topic_partitions{topic="orders"}']);
  expect([...chosen.samples.keys()].some((key) => key.includes("modern"))).toBe(false);
  const few = await tickOf(broker, { groups_max: 1 });
  expect(few.degraded).toEqual(["broker 1: 1 groups are beyond groups_max"]);
  await broker.stop();
  const strict = await KafkaBroker.start({ ...state, mayListGroups: false });
  const named = await tickOf(strict, { group_names: ["billing"] });
  expect(named.degraded).toEqual(["groups of broker 1: ListGroups: no right to the cluster"]);
  expect(
    named.samples.get('kafka_consumergroup_lag_sum{consumergroup="billing",topic="orders"}'),
  ).toBe(10);
  await strict.stop();
});

function reasonAt(port: number): Promise<string> {
  const instance = new InstanceUnderTest(kafka, { brokers: [`127.0.0.1:${port}`] }, 200);
  return instance.tick().then(() => "answered", messageOf);
}

test("kafka: the next broker is asked where one is gone; other services and silence make the tick fail", async () => {
  const broker = await KafkaBroker.start(state);
  const gone = `127.0.0.1:${await freePort()}`;
  const { samples } = await tickOf(broker, { brokers: [gone, broker.address] });
  expect(samples.get("kafka_up")).toBe(1);
  const http = Bun.listen({
    hostname: "127.0.0.1",
    port: 0,
    socket: { data: (socket) => void socket.write("HTTP/1.1 400 Bad Request\r\n\r\n") },
  });
  const silent = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data: () => {} } });
  expect(await reasonAt(http.port)).toContain("an answer announces 1213486160 bytes");
  expect(await reasonAt(silent.port)).toContain("no answer in time");
  http.stop(true);
  silent.stop(true);
  await broker.stop();
});

test("kafka: found by the class that Java runs, watched where it answers in the clear", async () => {
  const broker = await KafkaBroker.start(state);
  const port = Number(broker.address.split(":")[1]);
  const processes = [
    { name: "java", args: ["java", "-Xmx1G", "kafka.Kafka", "server.properties"] },
  ];
  const host = givenHost({ processes, ports: { 9092: 0 } });
  // Brokers listen on ports near 9092, which this machine may have in use.
  const asked = {
    ...host,
    ask: (_: unknown, bytes: string) => givenHost({}).ask({ host: "127.0.0.1", port }, bytes),
  };
  expect(await kafka.detect(asked)).toEqual([
    {
      confidence: 1,
      because: ["process java (pid 100) runs a broker", "127.0.0.1:9092 answers ApiVersions"],
      options: { brokers: ["127.0.0.1:9092"], cluster_from: "lowest_broker" },
      needs: [],
    },
  ]);
  const [shut] = await kafka.detect({ ...host, ask: async () => undefined });
  expect(shut?.needs[0]?.key).toBe("tls");
  await broker.stop();
});

test("kafka: an address holds no credentials, which would be in a label", () => {
  for (const address of ["u:hunter2@h:9092", "kafka://h:9092", ""])
    expect(() => kafka.config.parse({ brokers: [address] })).toThrow("without credentials");
  expect(kafka.config.parse({ brokers: ["[::1]:9092"] }).brokers).toEqual(["[::1]:9092"]);
});

test("kafka: records of its log have their time, severity and stack traces", () => {
  const text = `[2026-11-21 21:45:02,860] INFO [KafkaServer id=1] started (kafka.server.KafkaServer)
[2026-11-21 21:45:03,001] ERROR Error while reading (kafka.log.Log)
java.io.IOException: No space left on device
	at java.base/sun.nio.ch.FileDispatcherImpl.write0(Native Method)
`;
  const records = new LogsUnderTest(kafka, {}).read("server", text);
  expect(records.map(({ severity: level }) => level)).toEqual([severity.info, severity.error]);
  expect(records.map(({ time }) => Date.parse(time))).toEqual([
    new Date(2026, 10, 21, 21, 45, 2, 860).getTime(),
    new Date(2026, 10, 21, 21, 45, 3, 1).getTime(),
  ]);
  expect(records[1]?.body).toContain("Native Method");
});
