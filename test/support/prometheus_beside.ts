import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { queryRoutes } from "#aggregator/api/routes/prometheus/query_routes.ts";
import { StoreConfig } from "#aggregator/blocks/config.ts";
import { openStore } from "#aggregator/blocks/open_store.ts";
import { createHead } from "#aggregator/head/head.ts";
import { PromqlConfig, createPromqlEngine } from "#aggregator/query/promql/engine.ts";
import { createSources } from "#aggregator/query/sources.ts";
import { cutContentOf } from "#aggregator/read/cut_content.ts";
import { cutMetricsOf } from "#aggregator/read/cut_metrics.ts";
import { systemClock } from "#shared/runtime/clock.ts";
import { createLogger } from "#shared/runtime/log.ts";
import { createSelfMetrics } from "#shared/runtime/self_metrics.ts";
import { MetricPeer } from "./metric_peers.ts";
import type { HostSeries } from "./node_hosts.ts";

type Store = Awaited<ReturnType<typeof openStore>>;

/** A store of ours and a Prometheus that hold the same samples, asked the same questions. */
export class PrometheusBeside {
  readonly #folder: string;
  readonly #store: Store;
  readonly #peer: MetricPeer;
  readonly #routes: ReturnType<typeof queryRoutes>;

  static async open(): Promise<PrometheusBeside> {
    const folder = await mkdtemp(join(tmpdir(), "lapwing-differential-"));
    const config = StoreConfig.parse({
      compaction: { enabled: false },
      retention: { metrics: "36500d" },
    });
    const parts = { clock: systemClock, log: createLogger("error"), metrics: createSelfMetrics() };
    const store = await openStore(config, { dataDir: folder, ...parts });
    return new PrometheusBeside(folder, store, await MetricPeer.start("prometheus"));
  }

  private constructor(folder: string, store: Store, peer: MetricPeer) {
    this.#folder = folder;
    this.#store = store;
    this.#peer = peer;
    const sources = createSources(
      createHead(),
      () => store.view(),
      (tenant) => store.families(tenant),
    );
    const engine = createPromqlEngine(sources.metrics, PromqlConfig.parse({}));
    this.#routes = queryRoutes({ engine, clock: systemClock, tenant: () => "t" });
  }

  /** A block here. */
  async commit(series: readonly HostSeries[]): Promise<void> {
    const rest = { families: new Map(), lanes: [], carrier: {} };
    const metrics = new Map([["t", cutMetricsOf(series)]]);
    await this.#store.commit({ content: cutContentOf({ metrics }), ...rest }, () => {});
  }

  /** A request there; samples of a series come in the order of time. */
  write(series: readonly HostSeries[]): Promise<void> {
    return this.#peer.write(series);
  }

  /** Of a path below /api/v1. */
  async answers(path: string): Promise<{ readonly theirs: unknown; readonly ours: unknown }> {
    const theirs: unknown = await (await fetch(`${this.#peer.url}/api/v1${path}`)).json();
    return { theirs, ours: await (await this.#routes.request(path)).json() };
  }

  async close(): Promise<void> {
    await this.#peer.stop();
    await this.#store.close();
    await rm(this.#folder, { recursive: true, force: true });
  }
}

/** The samples of [fromMs, toMs). */
export function within(series: readonly HostSeries[], fromMs: number, toMs: number): HostSeries[] {
  return series.map(({ labels, timestampsMs, values }) => {
    const begin = timestampsMs.findIndex((time) => time >= fromMs);
    const after = timestampsMs.findIndex((time) => time >= toMs);
    const end = after === -1 ? timestampsMs.length : after;
    const start = begin === -1 ? end : begin;
    return {
      labels,
      timestampsMs: timestampsMs.slice(start, end),
      values: values.slice(start, end),
    };
  });
}
