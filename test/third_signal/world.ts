import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SpoolConfig } from "#agent/spool/config.ts";
import { Spool } from "#agent/spool/spool.ts";
import { createNatsUplink } from "#agent/uplink/nats_uplink.ts";
import { createAgentPort } from "#agent/uplink/port.ts";
import type { BlockStore } from "#aggregator/blocks/block_store.ts";
import { StoreConfig } from "#aggregator/blocks/config.ts";
import { removedOf } from "#aggregator/blocks/removed.fixture.ts";
import { openStore } from "#aggregator/blocks/open_store.ts";
import { storedSignals } from "#aggregator/blocks/signals/stored_signals.ts";
import { Duckdb } from "#aggregator/duckdb/duckdb.ts";
import { createHead } from "#aggregator/head/head.ts";
import { IngestConfig } from "#aggregator/ingest/config.ts";
import { createEmbeddedReceiver } from "#aggregator/ingest/embedded_receiver.ts";
import { Ingest } from "#aggregator/ingest/ingest.ts";
import { createNatsReceiver } from "#aggregator/ingest/nats_receiver.ts";
import { StreamsConfig } from "#aggregator/ingest/nats_streams.ts";
import type { Head } from "#aggregator/read/head.ts";
import { type StorageTools, withStorage } from "#aggregator/tools/storage_tools.ts";
import { NatsConfig } from "#proto/bus/nats_config.ts";
import { createLogsEncoder } from "#proto/codec/logs.ts";
import { createMetricsEncoder } from "#proto/codec/metrics_encoder.ts";
import { sumDrops } from "#shared/model/account.ts";
import type { Uplink } from "#proto/bus/agent_port.ts";
import { systemClock } from "#shared/runtime/clock.ts";
import { silentLogger } from "#shared/runtime/log.ts";
import { createSelfMetrics } from "#shared/runtime/self_metrics.ts";
import { type Signal, signalsWith } from "#shared/signals.ts";
import { nothing } from "#test/support/uplink.ts";
import { type Span, spans, SpansBatch } from "./span.ts";
import { spansLane } from "./spans_lane.ts";
import { SpansHead } from "./spans_head.ts";
import { readSpans, storedSpans } from "./stored_spans.ts";

export const tenant = "main";
const agent = "web-1";
export const signals = storedSignals([storedSpans]);
export const storeConfig = StoreConfig.parse({
  compaction: { interval: "1d", blocks_max: 2 },
  tiers: { enabled: false },
  delete_after: "0s",
});
const waitMaxMs = 60_000;

type Parts = ReturnType<typeof newParts>;

function newParts() {
  return { clock: systemClock, log: silentLogger, metrics: createSelfMetrics() };
}

/** An agent's spool and an aggregator's ingest, head and store, which know of spans. `url`: of a NATS server between them; in one process without. */
export class World {
  readonly folder: string;
  readonly spool: Spool;
  readonly #url: string | undefined;
  #uplink: Uplink | undefined;
  #running:
    | { parts: Parts; spansHead: SpansHead; head: Head; store: BlockStore; ingest: Ingest }
    | undefined;

  static async open(url?: string): Promise<World> {
    const folder = await mkdtemp(join(tmpdir(), "lapwing-third-signal-"));
    const config = SpoolConfig.parse({ path: join(folder, "spool"), sync_interval: "5ms" });
    const spool = await Spool.open(config, {
      ...newParts(),
      tenant,
      agent,
      encoders: { metrics: createMetricsEncoder, logs: createLogsEncoder },
      added: [spansLane],
    });
    return new World(folder, spool, url);
  }

  private constructor(folder: string, spool: Spool, url: string | undefined) {
    this.folder = folder;
    this.spool = spool;
    this.#url = url;
  }

  get dataDir(): string {
    return join(this.folder, "aggregator");
  }
  get spansHead(): SpansHead {
    return this.#now.spansHead;
  }
  get head(): Head {
    return this.#now.head;
  }
  get store(): BlockStore {
    return this.#now.store;
  }
  get ingest(): Ingest {
    return this.#now.ingest;
  }
  get #now() {
    if (this.#running === undefined) throw new Error("the aggregator does not run");
    return this.#running;
  }

  async start(): Promise<void> {
    const parts = newParts();
    const spansHead = new SpansHead();
    const head = createHead({ added: [spansHead] });
    const store = await openStore(storeConfig, { ...parts, dataDir: this.dataDir, signals });
    const ingest = await Ingest.open(IngestConfig.parse({ flush_interval: "1d" }), {
      ...parts,
      receiver: this.#receiver(parts),
      head,
      store,
      quarantineFolder: join(this.folder, "quarantine"),
      onHeartbeat: () => {},
    });
    this.#running = { parts, spansHead, head, store, ingest };
    await ingest.start();
    if (this.#url === undefined || this.#uplink !== undefined) return;
    const uplink = createNatsUplink(natsOf(this.#url), { ...newParts(), heartbeatIntervalMs: 100 });
    await uplink.start(this.#port());
    this.#uplink = uplink;
  }

  #port() {
    return createAgentPort(this.spool, systemClock, () => nothing);
  }

  #receiver(parts: Parts) {
    if (this.#url === undefined)
      return createEmbeddedReceiver(this.#port(), { ...parts, heartbeatIntervalMs: 50 });
    const streams = StreamsConfig.parse({ max_bytes: "64MiB" });
    const handled = signalsWith([spans]);
    return createNatsReceiver(natsOf(this.#url), streams, { ...parts, signals: handled });
  }

  async stop(): Promise<void> {
    const { ingest, store } = this.#now;
    await ingest.stop();
    await store.close();
    this.#running = undefined;
  }

  async close(): Promise<void> {
    if (this.#running !== undefined) await this.stop();
    await this.#uplink?.close();
    await this.spool.close();
    await rm(this.folder, { recursive: true, force: true });
  }

  /** Ten spans, samples and lines each, a second apart from `startMs` on. */
  async write(startMs: number): Promise<readonly Span[]> {
    const times = Array.from({ length: 10 }, (_, i) => startMs + 1_000 * i);
    const all = times.map((ms, i) => ({
      name: i % 2 === 0 ? "get" : "put",
      startMs: ms,
      durationMs: i,
    }));
    await this.spool.added(spans.name)?.write(new SpansBatch(all));
    const schema = { series: [{ __name__: "up" }], families: [] };
    const rows = times.map((timestampMs, i) => ({ timestampMs, values: Float64Array.of(i) }));
    await this.spool.metrics.write({ schema, rows });
    const lines = times.map((ms) => Buffer.from(`line of ${ms}`));
    let end = 0;
    await this.spool.logs.write({
      streams: [{ app: "shop" }],
      streamOf: new Uint32Array(lines.length),
      timestampsMs: Float64Array.from(times),
      nanos: new Uint32Array(lines.length),
      severities: new Uint8Array(lines.length),
      bodies: new Uint8Array(Buffer.concat(lines)),
      bodyEnds: Uint32Array.from(lines, (line) => (end += line.length)),
    });
    return all;
  }

  /** Waits until all that is in the spool is in the head, or in blocks. */
  async taken(): Promise<void> {
    for (const lane of this.spool.lanes) await lane.sync();
    await until("all frames", () =>
      this.spool.lanes.every(({ signal, files }) => {
        const { position } = files.synced;
        const { taken } = this.ingest.lanes.get({ tenant, agent, signal });
        return taken.epoch === position.epoch && taken.sequence === position.sequence;
      }),
    );
  }

  /** The loss account of a signal, with what is in its blocks. The equation must hold. */
  account(signal: Signal) {
    const account = this.ingest.lanes.account(tenant).find((one) => one.signal === signal);
    if (account === undefined) throw new Error(`no account of ${signal}`);
    const { collected, stored, inFlight, dropped } = account;
    if (collected !== stored + inFlight + sumDrops(dropped))
      throw new Error(`the account of ${signal} does not add up: ${JSON.stringify(account)}`);
    return { collected, stored, inFlight, dropped };
  }

  blocks(signal: Signal) {
    return this.store.view().blocks.filter((block) => block.signal === signal);
  }

  items(signal: Signal): number {
    return this.blocks(signal).reduce((sum, { items }) => sum + items, 0);
  }

  /** What left the blocks, by signal and reason. */
  removed(): Promise<Record<string, Record<string, number>>> {
    return removedOf(this.store, tenant);
  }

  /** The spans of all blocks, by time, as a reader of files sees them. */
  async stored(): Promise<readonly Span[]> {
    const files = await this.store.view().files(this.blocks(spans.name));
    const duckdb = new Duckdb({
      memoryBytes: 256 * 2 ** 20,
      threads: 1,
      connectionsMax: 1,
      temporaryFolder: this.folder,
    });
    try {
      return await readSpans(duckdb, files.paths);
    } finally {
      files.release();
      await duckdb.close();
    }
  }

  /** Own metrics by signal. */
  async measured(name: string): Promise<Record<string, number>> {
    const families = await this.#now.parts.metrics.families();
    const metrics = families.find((family) => family.name === name)?.metric ?? [];
    return Object.fromEntries(
      metrics.map(({ label = [], gauge }) => [
        label.find((one) => one.name === "signal")?.value ?? "",
        Number(gauge?.value ?? 0),
      ]),
    );
  }

  /** A storage command, beside or without the aggregator. */
  command<Result>(
    mode: "read" | "write",
    action: (tools: StorageTools) => Promise<Result>,
    dataDir = this.dataDir,
  ): Promise<Result> {
    return withStorage(storeConfig, dataDir, mode, action, signals);
  }
}

export async function until(what: string, isDone: () => boolean): Promise<void> {
  const deadline = performance.now() + waitMaxMs;
  while (!isDone()) {
    if (performance.now() > deadline) throw new Error(`waited in vain for ${what}`);
    await Bun.sleep(10);
  }
}

function natsOf(url: string): NatsConfig {
  return NatsConfig.parse({ servers: [url], reconnect_wait: "50ms" });
}
