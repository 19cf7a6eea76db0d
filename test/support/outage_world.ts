import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SpoolConfig } from "#agent/spool/config.ts";
import { Spool } from "#agent/spool/spool.ts";
import { UplinkConfig } from "#agent/uplink/config.ts";
import { createNatsUplink } from "#agent/uplink/nats_uplink.ts";
import { createAgentPort } from "#agent/uplink/port.ts";
import { createHead } from "#aggregator/head/head.ts";
import type { Head } from "#aggregator/read/head.ts";
import { IngestConfig } from "#aggregator/ingest/config.ts";
import { Ingest } from "#aggregator/ingest/ingest.ts";
import { createNatsReceiver } from "#aggregator/ingest/nats_receiver.ts";
import { StreamsConfig } from "#aggregator/ingest/nats_streams.ts";
import { StoreConfig } from "#aggregator/blocks/config.ts";
import { openStore } from "#aggregator/blocks/open_store.ts";
import type { Store } from "#aggregator/read/store.ts";
import type { Receiver, Uplink } from "#proto/bus/agent_port.ts";
import { NatsConfig } from "#proto/bus/nats_config.ts";
import { createLogsEncoder } from "#proto/codec/logs.ts";
import { createMetricsEncoder } from "#proto/codec/metrics_encoder.ts";
import type { Clock } from "#shared/runtime/clock.ts";
import { systemClock } from "#shared/runtime/clock.ts";
import { silentLogger } from "#shared/runtime/log.ts";
import { createSelfMetrics } from "#shared/runtime/self_metrics.ts";
import { nothing } from "./uplink.ts";

/** A clock whose time of day is set by the test; what waits, waits in real time. */
export class SetClock implements Clock {
  nowMs: number;

  constructor(nowMs: number) {
    this.nowMs = nowMs;
  }
  now(): number {
    return this.nowMs;
  }
  monotonic(): number {
    return systemClock.monotonic();
  }
  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return systemClock.sleep(ms, signal);
  }
}

/** An agent's spool with real frames, and an uplink that can be cut and mended. */
export class OutageAgent {
  readonly spool: Spool;
  readonly #url: string;
  #config: UplinkConfig;
  readonly #clock: Clock;
  #uplink: Uplink | undefined;

  static async open(
    folder: string,
    url: string,
    tenant: string,
    config: { readonly backlog_after: string; readonly backlog_rate?: string },
    clock: Clock,
    segmentSize = "32KiB",
  ): Promise<OutageAgent> {
    const spoolConfig = SpoolConfig.parse({
      path: join(folder, tenant),
      sync_interval: "5ms",
      segment_size: segmentSize,
    });
    const spool = await Spool.open(spoolConfig, {
      clock,
      log: silentLogger,
      metrics: createSelfMetrics(),
      tenant,
      agent: tenant,
      encoders: { metrics: createMetricsEncoder, logs: createLogsEncoder },
    });
    return new OutageAgent(spool, url, UplinkConfig.parse(config), clock);
  }

  private constructor(spool: Spool, url: string, config: UplinkConfig, clock: Clock) {
    this.spool = spool;
    this.#url = url;
    this.#config = config;
    this.#clock = clock;
  }

  async connect(): Promise<void> {
    this.#uplink = createNatsUplink(natsOf(this.#url), {
      clock: this.#clock,
      log: silentLogger,
      metrics: createSelfMetrics(),
      heartbeatIntervalMs: 100,
      config: this.#config,
    });
    await this.#uplink.start(createAgentPort(this.spool, this.#clock, () => nothing));
  }

  async cutOff(): Promise<void> {
    await this.#uplink?.close();
    this.#uplink = undefined;
  }

  /** Sends its backlog so fast from now on. */
  async hurry(rate: string): Promise<void> {
    await this.cutOff();
    const { backlog_rate } = UplinkConfig.parse({ backlog_rate: rate });
    this.#config = { ...this.#config, backlog_rate };
    await this.connect();
  }

  async close(): Promise<void> {
    await this.cutOff();
    await this.spool.close();
  }
}

/** Store, head and ingest of an aggregator, which can be killed; flushes and maintenance only when asked. */
export class OutageAggregator {
  readonly store: Store;
  head: Head = createHead();
  readonly #url: string;
  readonly #folder: string;
  #receiver: Receiver | undefined;
  #ingest: Ingest | undefined;

  static async open(folder: string, url: string): Promise<OutageAggregator> {
    const config = StoreConfig.parse({
      compaction: { blocks_max: 1, interval: "1d" },
      tiers: { enabled: false },
      delete_after: "0s",
    });
    const parts = { clock: systemClock, log: silentLogger, metrics: createSelfMetrics() };
    const store = await openStore(config, { ...parts, dataDir: folder });
    return new OutageAggregator(store, folder, url);
  }

  private constructor(store: Store, folder: string, url: string) {
    this.store = store;
    this.#folder = folder;
    this.#url = url;
  }

  get ingest(): Ingest {
    if (this.#ingest === undefined) throw new Error("the aggregator does not run");
    return this.#ingest;
  }

  async start(): Promise<void> {
    const parts = { clock: systemClock, log: silentLogger, metrics: createSelfMetrics() };
    this.head = createHead();
    const streams = StreamsConfig.parse({ max_bytes: "64MiB" });
    this.#receiver = createNatsReceiver(natsOf(this.#url), streams, parts);
    this.#ingest = await Ingest.open(IngestConfig.parse({ flush_interval: "1d" }), {
      ...parts,
      receiver: this.#receiver,
      head: this.head,
      store: this.store,
      quarantineFolder: join(this.#folder, "quarantine"),
      onHeartbeat: () => {},
    });
    await this.#ingest.start();
  }

  /** Nothing of what is in the head is kept. */
  async kill(): Promise<void> {
    await this.#receiver?.close();
    this.#ingest = undefined;
  }

  async close(): Promise<void> {
    await this.#ingest?.stop();
    await this.store.close();
  }
}

export async function outageFolder(): Promise<{ path: string; remove: () => Promise<void> }> {
  const path = await mkdtemp(join(tmpdir(), "lapwing-outage-"));
  return { path, remove: () => rm(path, { recursive: true, force: true }) };
}

function natsOf(url: string): NatsConfig {
  return NatsConfig.parse({
    servers: [url],
    reconnect_wait: "50ms",
    reconnect_wait_max: "200ms",
  });
}
