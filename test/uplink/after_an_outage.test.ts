import { afterEach, expect, test } from "bun:test";
import type { LogRecord, SeriesSamples } from "#aggregator/read/source.ts";
import { sumDrops } from "#shared/model/account.ts";
import { labelsKey } from "#shared/model/labels.ts";
import type { LogsBatch } from "#shared/model/logs.ts";
import type { MetricsBatch, SeriesSchema } from "#shared/model/metrics.ts";
import type { Signal } from "#shared/signals.ts";
import { comparePositions } from "#shared/model/position.ts";
import { builtInSignals } from "#shared/signals.ts";
import { natsServerPath, startNats } from "#test/support/nats.ts";
import {
  OutageAgent,
  OutageAggregator,
  outageFolder,
  SetClock,
} from "#test/support/outage_world.ts";

const dayMs = 86_400_000;
/** A day that is over, so that compaction makes one block of it. */
const startMs = Math.floor(Date.now() / dayMs) * dayMs - 3 * dayMs;
const stepMs = 15_000;
const batches = 1_100;
const seriesCount = 25;
const waitMaxMs = 30_000;

const schema: SeriesSchema = {
  series: Array.from({ length: seriesCount }, (_, i) => ({ __name__: "m", i: String(i) })),
  families: [],
};
const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

/** The same input for both agents: values that need all their bits, some that stay, and series that pause. */
function rowsOf(batch: number): MetricsBatch {
  const values = Float64Array.from(schema.series, (_, i) =>
    i % 5 === 0 ? i : i % 5 === 1 && batch % 7 < 3 ? Number.NaN : Math.sin(batch * (i + 1)) * 1e6,
  );
  return { schema, rows: [{ timestampMs: startMs + batch * stepMs, values }] };
}

function linesOf(batch: number): LogsBatch {
  const texts = Array.from(
    { length: 5 },
    (_, i) => `batch ${batch} line ${i} took ${batch * i} ms`,
  );
  const bodies = texts.map((text) => Buffer.from(text));
  let end = 0;
  return {
    streams: [{ job: "test" }],
    streamOf: new Uint32Array(texts.length),
    timestampsMs: Float64Array.from(texts, (_, i) => startMs + batch * stepMs + i * 100),
    nanos: Uint32Array.from(texts, (_, i) => i * 1_000),
    severities: Uint8Array.from(texts, (_, i) => i),
    bodies: Buffer.concat(bodies),
    bodyEnds: Uint32Array.from(bodies, (body) => (end += body.length)),
  };
}

class World {
  readonly clock = new SetClock(startMs);
  readonly agents = new Map<string, OutageAgent>();
  readonly aggregator: OutageAggregator;

  constructor(aggregator: OutageAggregator) {
    this.aggregator = aggregator;
  }

  async write(tenant: string, from: number, to: number): Promise<void> {
    const agent = this.agent(tenant);
    for (let batch = from; batch < to; batch++) {
      this.clock.nowMs = startMs + batch * stepMs;
      await agent.spool.metrics.write(rowsOf(batch));
      await agent.spool.logs.write(linesOf(batch), { "app.log": String(batch) });
    }
    for (const signal of builtInSignals.names) await agent.spool.lane(signal).sync();
  }

  agent(tenant: string): OutageAgent {
    const agent = this.agents.get(tenant);
    if (agent === undefined) throw new Error(`no agent ${tenant}`);
    return agent;
  }

  lane(tenant: string, signal: Signal) {
    return this.aggregator.ingest.lanes.get({ tenant, agent: tenant, signal });
  }

  isWhole(tenant: string): boolean {
    return builtInSignals.names.every((signal) => {
      const { position } = this.agent(tenant).spool.lane(signal).files.synced;
      const lane = this.lane(tenant, signal);
      return lane.chains.length === 1 && comparePositions(lane.taken, position) === 0;
    });
  }

  /** Whether the newest batch can be queried. */
  has(tenant: string, batch: number): boolean {
    const [atMs] = [startMs + batch * stepMs];
    const { head } = this.aggregator;
    const range = { tenant, startMs: atMs, endMs: atMs };
    const matchers = [{ name: "__name__", op: "=" as const, value: "m" }];
    return head.selectSamples({ ...range, matchers, samplesMax: 1_000 }).length > 0;
  }

  isExplained(tenant: string): boolean {
    return this.aggregator.ingest.lanes
      .account(tenant)
      .every(
        ({ collected, stored, inFlight, dropped }) =>
          collected === stored + inFlight + sumDrops(dropped) && sumDrops(dropped) === 0,
      );
  }

  async until(isDone: () => boolean, what: string): Promise<void> {
    const deadline = performance.now() + waitMaxMs;
    while (!isDone()) {
      if (performance.now() > deadline) throw new Error(`waited in vain for ${what}`);
      await Bun.sleep(20);
    }
  }
}

/** What a tenant's blocks hold, however many they are: how late data are merged depends on when they came. Times and values as bits. */
async function contentOf({ store }: OutageAggregator, tenant: string) {
  const view = store.view();
  const own = view.blocks.filter((block) => block.tenant === tenant);
  const items = (signal: Signal) =>
    own.reduce((sum, block) => sum + (block.signal === signal ? block.items : 0), 0);
  const [fromMs, toMs] = [startMs, startMs + dayMs];
  const samples = await view.metrics.select({
    tenant,
    startMs: fromMs,
    endMs: toMs,
    matchers: [],
    samplesMax: 10_000_000,
  });
  const records = await view.logs.select({
    tenant,
    startNs: BigInt(fromMs) * 1_000_000n,
    endNs: BigInt(toMs) * 1_000_000n,
    matchers: [],
    lineFilters: [],
    limit: 1_000_000,
    direction: "forward",
  });
  return {
    items: { metrics: items("metrics"), logs: items("logs") },
    minMs: Math.min(...own.map(({ minMs }) => minMs)),
    maxMs: Math.max(...own.map(({ maxMs }) => maxMs)),
    samples: samples.map(bitsOf).toSorted((one, other) => one.key.localeCompare(other.key)),
    records: records.map(textOf),
  };
}

function bitsOf({ labels, timestampsMs, values }: SeriesSamples) {
  const bits = new BigUint64Array(values.buffer, values.byteOffset, values.length);
  return { key: labelsKey(labels), times: [...timestampsMs].join(), values: [...bits].join() };
}

function textOf(record: LogRecord): string {
  return JSON.stringify(record, (_, value: unknown) =>
    typeof value === "bigint" ? String(value) : value,
  );
}

test.skipIf(natsServerPath === undefined)(
  "an agent that was cut off twice, before servers that died, ends with the data of one that never was",
  async () => {
    const [folder, nats] = [await outageFolder(), await startNats()];
    closers.push(folder.remove, () => nats.stop());
    const aggregator = await OutageAggregator.open(`${folder.path}/aggregator`, nats.url);
    const world = new World(aggregator);
    closers.push(() => aggregator.close());
    const open = async (tenant: string, config: Parameters<typeof OutageAgent.open>[3]) => {
      const agent = await OutageAgent.open(folder.path, nats.url, tenant, config, world.clock);
      world.agents.set(tenant, agent);
      closers.push(() => agent.close());
      return agent;
    };
    const steady = await open("steady", { backlog_after: "3650d" });
    const cut = await open("cut", { backlog_after: "30m", backlog_rate: "2KiB" });
    await aggregator.start();
    await steady.connect();
    await cut.connect();

    await world.write("steady", 0, 300);
    await world.write("cut", 0, 100);
    await world.until(() => world.isWhole("steady") && world.isWhole("cut"), "the first batches");
    await aggregator.ingest.flush();

    // The first outage, and the return: what is new is there at once.
    await cut.cutOff();
    await world.write("cut", 100, 700);
    await cut.connect();
    await world.until(() => cut.spool.lanes.every(({ files }) => files.liveEpoch > 0), "an epoch");
    await world.write("cut", 700, 720);
    await world.until(() => world.has("cut", 719), "the newest sample");
    expect(world.has("cut", 699)).toBe(false);
    expect(world.lane("cut", "metrics").backlogItems).toBeGreaterThan(0);
    expect(world.isExplained("cut")).toBe(true);
    await aggregator.ingest.flush();

    // A second one while the first backlog is on its way; the aggregator dies with what was not committed, and the stream is lost.
    await cut.cutOff();
    await world.write("cut", 720, 1_000);
    await aggregator.kill();
    await nats.kill();
    await nats.removeData();
    await nats.start();
    await aggregator.start();
    await cut.connect();
    const hasOpened = () =>
      cut.spool.lanes.every(({ files }) => files.liveEpoch >= startMs + 999 * stepMs);
    await world.until(hasOpened, "another epoch");
    await world.write("cut", 1_000, batches);
    await world.write("steady", 300, batches);
    await world.until(() => world.has("cut", batches - 1), "the newest sample once more");
    expect(world.has("cut", 999)).toBe(false);
    expect(world.lane("cut", "metrics").chains.length).toBeGreaterThan(1);
    expect(world.isExplained("cut")).toBe(true);
    await aggregator.ingest.flush();
    await aggregator.kill();
    await aggregator.start();

    await cut.hurry("64MiB");
    await world.until(() => world.isWhole("steady") && world.isWhole("cut"), "all batches");
    await aggregator.ingest.flush();
    for (const tenant of ["steady", "cut"]) {
      expect(world.isExplained(tenant)).toBe(true);
      const { spool } = world.agent(tenant);
      for (const { signal, stored } of aggregator.ingest.lanes.account(tenant))
        expect(stored).toBe(spool.lane(signal).files.synced.itemsTotal);
      await world.until(
        () => spool.lanes.every(({ files }) => files.count === 1),
        "the spool to forget what is committed",
      );
    }
    for (let round = 0; round < 6; round++) await aggregator.store.maintain();
    const [one, other] = [
      await contentOf(aggregator, "steady"),
      await contentOf(aggregator, "cut"),
    ];
    expect(one.items.logs).toBe(5 * batches);
    expect(one.records).toHaveLength(one.items.logs);
    expect(one.samples).toHaveLength(seriesCount);
    expect(other).toEqual(one);
  },
  120_000,
);
