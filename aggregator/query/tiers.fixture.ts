import { anyTime } from "../read/store.fixture.ts";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createLogger } from "#shared/runtime/log.ts";
import { createSelfMetrics } from "#shared/runtime/self_metrics.ts";
import { systemClock } from "#shared/runtime/clock.ts";
import { laneCut } from "../blocks/lane_cut.fixture.ts";
import { openStore } from "../blocks/open_store.ts";
import { StoreConfig } from "../blocks/config.ts";
import type { Store } from "../read/store.ts";
import {
  createPromqlEngine,
  PromqlConfig,
  type QueryData,
  type QueryResult,
} from "./promql/engine.ts";
import type { MetricsSource, SeriesSamples } from "../read/source.ts";

export const dayMs = 86_400_000;

/** A store with a clock to be set, in which nothing runs but what a test asks for, and PromQL over its blocks. */
export class TierWorld {
  readonly folder: string;
  nowMs: number;
  readonly #config: Record<string, unknown>;
  #store: Store | undefined;
  /** Of the last commit. */
  sequence = 0;

  constructor(nowMs: number, config: Record<string, unknown>, folder?: string) {
    this.nowMs = nowMs;
    this.#config = config;
    this.folder = folder ?? mkdtempSync(join(tmpdir(), "lapwing-tiers-"));
  }

  get store(): Store {
    if (this.#store === undefined) throw new Error("the store is not open");
    return this.#store;
  }

  async open(): Promise<this> {
    this.#store = await openStore(
      StoreConfig.parse({ ...anyTime, delete_after: "0s", sweep_after: "0s", ...this.#config }),
      {
        dataDir: this.folder,
        clock: {
          ...systemClock,
          now: () => this.nowMs,
          sleep: (_ms, signal) =>
            new Promise((resolve) => {
              if (signal?.aborted === true) resolve();
              signal?.addEventListener("abort", () => resolve(), { once: true });
            }),
        },
        log: createLogger("error"),
        metrics: createSelfMetrics(),
      },
    );
    return this;
  }

  async close(): Promise<void> {
    await this.#store?.close();
    this.#store = undefined;
  }

  async commit(series: readonly SeriesSamples[]): Promise<void> {
    this.sequence += 1;
    const cut = laneCut(this.sequence, series);
    const lanes = cut.lanes.filter(({ lane }) => lane.signal === "metrics");
    const content = { ...cut.content, logs: new Map<string, never>() };
    await this.store.commit({ ...cut, content, lanes }, () => {});
  }

  /** Lets time pass to `nowMs`, and maintenance do all that is due. */
  async age(nowMs: number): Promise<void> {
    this.nowMs = nowMs;
    for (let round = 0; round < 4; round++) await this.store.maintain();
  }

  /** Widths of the blocks' buckets, each once; 0 for samples. */
  widths(): number[] {
    const blocks = this.store.view().blocks;
    return [...new Set(blocks.map(({ bucketMs = 0 }) => bucketMs))].toSorted((a, b) => a - b);
  }

  source(): MetricsSource {
    return {
      select: (request) => this.store.view().metrics.select(request),
      series: async (request) => (await this.store.view().metrics.series(request)).labels(),
      labelNames: nothing,
      labelValues: nothing,
      metadata: nothing,
    };
  }

  range(
    query: string,
    startMs: number,
    endMs: number,
    stepMs: number,
    lookbackMs?: number,
  ): Promise<QueryResult> {
    const engine = createPromqlEngine(this.source(), PromqlConfig.parse({}));
    return engine.range(query, { tenant: "t", startMs, endMs, stepMs, lookbackMs });
  }
}

function nothing(): Promise<never[]> {
  return Promise.resolve([]);
}

/** "{labels} time" to value; of histograms their count. */
export function points(data: QueryData): Map<string, number> {
  const found = new Map<string, number>();
  if (data.resultType !== "matrix") return found;
  for (const { labels, timestampsMs, values, histograms } of data.series) {
    const name = JSON.stringify(labels);
    for (const [i, time] of timestampsMs.entries()) found.set(`${name} ${time}`, values[i] ?? 0);
    for (const [i, time] of (histograms?.timestampsMs ?? []).entries())
      found.set(`${name} ${time}`, histograms?.values[i]?.count ?? 0);
  }
  return found;
}

/** What differs, more than rounding does. */
export function differences(
  got: ReadonlyMap<string, number>,
  expected: ReadonlyMap<string, number>,
): string[] {
  const out: string[] = [];
  for (const key of new Set([...got.keys(), ...expected.keys()])) {
    const [a, b] = [got.get(key), expected.get(key)];
    if (a === undefined || b === undefined || !isClose(a, b))
      out.push(`${key}: got ${a}, expected ${b}`);
  }
  return out;
}

function isClose(a: number, b: number): boolean {
  if (Object.is(a, b) || a === b) return true;
  return Math.abs(a - b) <= 1e-9 * Math.max(1, Math.abs(a), Math.abs(b));
}
