import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Collected, InstanceUnderTest } from "#test/support/integration_world.ts";
import { kafka } from "./integration.ts";

const program = Bun.which("kcat");
const withBrokers = test.skipIf(program === null);

/** kcat holds a cluster of two brokers as long as its input is open: librdkafka's own, which speaks the protocol over TCP. */
let cluster: Bun.Subprocess<"pipe", "ignore", Bun.BunFile> | undefined;
let brokers: string[] = [];
const folder = mkdtempSync(join(tmpdir(), "lapwing-kcat-"));

beforeAll(async () => {
  if (program === null) return;
  const mock = ["-b", "none", "-X", "test.mock.num.brokers=2", "-d", "mock"];
  const log = Bun.file(join(folder, "log"));
  cluster = Bun.spawn([program, "-P", "-t", "orders", ...mock], {
    stdin: "pipe",
    stdout: "ignore",
    stderr: log,
  });
  const signal = AbortSignal.timeout(10_000);
  for (;;) {
    const [, found] = /bootstrap\.servers=(\S+)\n/.exec(await log.text()) ?? [];
    brokers = found?.split(",") ?? [];
    if (brokers.length > 0) return;
    signal.throwIfAborted();
    await Bun.sleep(20);
  }
});

afterAll(async () => {
  cluster?.kill("SIGKILL");
  await cluster?.exited;
  rmSync(folder, { recursive: true, force: true });
});

withBrokers("kafka: librdkafka's brokers tell of partitions, leaders and offsets", async () => {
  const produce = Bun.spawn(
    [program ?? "", "-b", brokers.join(","), "-P", "-t", "bills", "-p", "1"],
    {
      stdin: new TextEncoder().encode("a\nb\nc\n"),
      stdout: "ignore",
      stderr: "ignore",
    },
  );
  expect(await produce.exited).toBe(0);
  const { samples, degraded } = await new InstanceUnderTest(kafka, { brokers }).tick();
  expect(samples.get("kafka_brokers")).toBe(2);
  expect(samples.get('kafka_topic_partitions{topic="bills"}')).toBe(4);
  expect(samples.get('kafka_topic_partition_current_offset{topic="bills",partition="1"}')).toBe(3);
  expect(samples.get('kafka_topic_partition_current_offset{topic="bills",partition="0"}')).toBe(0);
  expect(samples.get('kafka_topic_partition_replicas{topic="bills",partition="1"}')).toBe(2);
  // They hold groups, and yet don't list them.
  expect(degraded.toSorted()).toEqual(
    [1, 2].map(
      (id) => `groups of broker ${id}: the broker has no listGroups of a version known here`,
    ),
  );
});

function tickAt(address: string): Promise<Collected> {
  return new InstanceUnderTest(kafka, {
    brokers: [address],
    cluster_from: "lowest_broker",
  }).tick();
}

withBrokers(
  "kafka: of agents beside the brokers of a cluster the one at the lowest tells of it",
  async () => {
    const ticks = await Promise.all(brokers.map(tickAt));
    // Ids are given in the order of the addresses.
    expect(ticks.map(({ samples }) => samples.get("kafka_brokers"))).toEqual([2, undefined]);
    expect(ticks.map(({ samples }) => samples.get("kafka_up"))).toEqual([1, 1]);
    expect([...(ticks[1]?.samples.keys() ?? [])]).toEqual(["kafka_up"]);
    expect(ticks[1]?.degraded).toEqual([]);
  },
);
