import { join } from "node:path";
import { StoreConfig } from "#aggregator/blocks/config.ts";
import { cutContentOf } from "#aggregator/read/cut_content.ts";
import { cutMetricsOf } from "#aggregator/read/cut_metrics.ts";
import { openStore } from "#aggregator/blocks/open_store.ts";
import { systemClock } from "#shared/runtime/clock.ts";
import { createLogger } from "#shared/runtime/log.ts";
import { createSelfMetrics } from "#shared/runtime/self_metrics.ts";
import type { asking } from "#test/support/asking.ts";

const dayMs = 86_400_000;
const stepMs = 30_000;
const samples = dayMs / stepMs;
const seriesCount = 4;
/** Younger than the retention, older than what is kept as it came. */
const [firstAge, daysMax] = [3, 24];

/** Whole days of samples that an aggregator finds when it starts, and downsamples in its first round of maintenance. */
export class OldDays {
  /** Their ends, Unix ms. */
  readonly #ends: number[] = [];

  get count(): number {
    return this.#ends.length;
  }

  /** Commits one more day into a store that no process has open, as of its own time. */
  async add(dataDir: string, storage: Readonly<Record<string, unknown>>): Promise<void> {
    if (this.#ends.length >= daysMax) return;
    const today = Math.floor(Date.now() / dayMs) * dayMs;
    const endMs = today - (firstAge + this.#ends.length) * dayMs;
    const store = await openStore(
      StoreConfig.parse({ ...storage, compaction: { enabled: false } }),
      {
        dataDir: join(dataDir, "aggregator"),
        clock: { ...systemClock, now: () => endMs },
        log: createLogger("error"),
        metrics: createSelfMetrics(),
      },
    );
    try {
      const metrics = new Map([["default", cutMetricsOf(seriesOf(endMs))]]);
      const rest = { families: new Map(), lanes: [], carrier: {} };
      await store.commit({ content: cutContentOf({ metrics }), ...rest }, () => {});
    } finally {
      await store.close();
    }
    this.#ends.push(endMs);
  }

  /** Whether the oldest is in a tier. */
  async areDownsampled(lapwing: ReturnType<typeof asking>): Promise<boolean> {
    if (this.#ends.length === 0) return true;
    const name = "lapwing_store_tier_oldest_timestamp_seconds";
    const oldest = await Promise.all(
      ["1m", "5m"].map((tier) => lapwing.own(`${name}{tier="${tier}"}`)),
    );
    return oldest.some((seconds) => seconds > 0 && seconds * 1_000 <= Math.min(...this.#ends));
  }

  /** What is wrong with them: each sample counts once, whether it is there as it came or in a bucket. */
  async problems(lapwing: ReturnType<typeof asking>): Promise<string[]> {
    const problems: string[] = [];
    const wanted = [samples * seriesCount, ((samples * (samples + 1)) / 2) * seriesCount];
    for (const endMs of this.#ends) {
      const selector = `chaos_old{day="${endMs}"}[1d]`;
      for (const [i, name] of ["count_over_time", "sum_over_time"].entries()) {
        const query = encodeURIComponent(`sum(${name}(${selector}))`);
        const answer = await lapwing.get(`/api/v1/query?query=${query}&time=${endMs / 1_000}`);
        const text = await answer.text();
        const value = /"value":\[[^,]+,"([^"]+)"\]/.exec(text)?.[1];
        if (Number(value) !== wanted[i])
          problems.push(`${name} of an old day is ${value ?? text}, expected ${wanted[i]}`);
      }
    }
    return problems;
  }
}

/** 1, 2, 3 ... in every series, in the middle of each step. */
function seriesOf(endMs: number) {
  return Array.from({ length: seriesCount }, (_, series) => ({
    labels: { __name__: "chaos_old", day: String(endMs), series: String(series) },
    timestampsMs: Float64Array.from(
      { length: samples },
      (__, i) => endMs - dayMs + i * stepMs + stepMs / 2,
    ),
    values: Float64Array.from({ length: samples }, (__, i) => i + 1),
  }));
}
