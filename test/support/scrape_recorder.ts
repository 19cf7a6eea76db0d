import type { SeriesLimitReport } from "#shared/cardinality/series_limit.ts";
import { GlobalConfig, ScrapeConfigs } from "#agent/collect/scrape/config.ts";
import { ScrapeMemory } from "#agent/collect/scrape_memory.ts";
import { ScrapeManager } from "#agent/collect/scrape/scrape_manager.ts";
import type { Labels } from "#shared/model/labels.ts";
import type { MetricsBatch, SeriesSchema } from "#shared/model/metrics.ts";
import { isAbsent, isStale, wordsOf } from "#shared/model/special_values.ts";
import { type Clock, systemClock } from "#shared/runtime/clock.ts";
import { silentLogger } from "#shared/runtime/log.ts";

/** One scrape as tests look at it: values by series text, "stale" for a marker, absent ones left out. */
export type RecordedScrape = {
  readonly instance: string;
  readonly timestampMs: number;
  readonly values: Readonly<Record<string, number | "stale">>;
  readonly timed: readonly (readonly [series: string, timestampMs: number, value: number])[];
  readonly schema: SeriesSchema;
};

/** Runs scrape configs against real servers and records what they emit. */
export class ScrapeRecorder {
  readonly scrapes: RecordedScrape[] = [];
  readonly drops = new Map<string, number>();
  readonly limitsTold: SeriesLimitReport[] = [];
  readonly manager: ScrapeManager;
  #wake: (() => void)[] = [];

  constructor(
    options: {
      clock?: Clock;
      nameServers?: readonly string[];
      memoryBytes?: number;
      onBatch?: (batch: MetricsBatch) => void;
    } = {},
  ) {
    this.manager = new ScrapeManager({
      log: silentLogger,
      output: {
        memory: new ScrapeMemory(options.memoryBytes ?? 256 * 1024 ** 2),
        clock: options.clock ?? systemClock,
        seed: "test",
        emit: (batch) => {
          options.onBatch?.(batch);
          this.#record(batch);
          return Promise.resolve();
        },
        drop: (reason, samples) => this.drops.set(reason, (this.drops.get(reason) ?? 0) + samples),
        seriesLimit: (report) => this.limitsTold.push(report),
        changed: () => this.#ring(),
        failed: (thrown) => {
          throw thrown;
        },
      },
      ...(options.nameServers === undefined ? {} : { nameServers: options.nameServers }),
    });
  }

  async apply(configs: readonly unknown[], global: Record<string, unknown> = {}): Promise<void> {
    await this.manager.apply({
      global: GlobalConfig.parse({ scrape_interval: "500ms", ...global }),
      scrape_configs: ScrapeConfigs.parse(configs),
    });
  }

  /** Resolves with what `find` gives as soon as it gives something; looks after each scrape and change. */
  async until<Found>(find: () => Found | undefined | false): Promise<Found> {
    for (;;) {
      const found = find();
      if (found !== undefined && found !== false) return found;
      await new Promise<void>((resolve) => this.#wake.push(resolve));
    }
  }

  /** The first scrape, from place `from` on, that `test` holds for. */
  scrape(
    test: (scrape: RecordedScrape) => boolean = () => true,
    from = 0,
  ): Promise<RecordedScrape> {
    return this.until(() => this.scrapes.slice(from).find(test));
  }

  close(): Promise<void> {
    return this.manager.close();
  }

  #ring(): void {
    const waiting = this.#wake;
    this.#wake = [];
    for (const wake of waiting) wake();
  }

  /** A scrape with many new series comes in parts. */
  #add(scrape: RecordedScrape): void {
    const at = this.scrapes.findLastIndex(
      ({ schema, timestampMs }) => schema === scrape.schema && timestampMs === scrape.timestampMs,
    );
    const before = this.scrapes[at];
    if (before === undefined) {
      this.scrapes.push(scrape);
      return;
    }
    for (const series of Object.keys(scrape.values))
      if (series in before.values) throw new Error(`series ${series} came twice`);
    const values = { ...before.values, ...scrape.values };
    this.scrapes[at] = { ...scrape, values, timed: [...before.timed, ...scrape.timed] };
  }

  #record(batch: MetricsBatch): void {
    const { schema } = batch;
    for (const row of batch.rows) {
      const words = wordsOf(row.values);
      const values: Record<string, number | "stale"> = {};
      for (let i = 0; i < row.values.length; i++) {
        if (isAbsent(words, i)) continue;
        const series = seriesText(schema.series[i] ?? {});
        if (series in values) throw new Error(`series ${series} has two columns`);
        values[series] = isStale(words, i) ? "stale" : (row.values[i] ?? 0);
      }
      const { columns, timestampsMs, values: timedValues } = batch.sparse ?? {};
      const timed = Array.from(columns ?? [], (column, i) => {
        const series = seriesText(schema.series[column] ?? {});
        return [series, timestampsMs?.[i] ?? 0, timedValues?.[i] ?? 0] as const;
      });
      const instance = schema.series[0]?.["instance"] ?? "";
      this.#add({ instance, timestampMs: row.timestampMs, values, timed, schema });
    }
    this.#ring();
  }
}

/** `name{a="b"}` with the labels sorted, without job and instance where `isShort`. */
export function seriesText(labels: Labels, isShort = true): string {
  const { __name__: name = "", ...rest } = labels;
  const shown = Object.entries(rest)
    .filter(([label]) => !isShort || (label !== "job" && label !== "instance"))
    .map(([label, value]) => `${label}=${JSON.stringify(value)}`)
    .toSorted((a, b) => (a < b ? -1 : 1));
  return shown.length === 0 ? name : `${name}{${shown.join(",")}}`;
}
