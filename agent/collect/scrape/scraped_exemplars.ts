import type { Drops } from "#shared/model/account.ts";
import { type Exemplar, compareExemplars } from "#shared/model/exemplars.ts";
import type { ExemplarSamples, MetricsBatch, StartTimestamps } from "#shared/model/metrics.ts";
import type { SampleColumns } from "#shared/text/exposition/sample_columns.ts";
import { NewestExemplars } from "../newest_exemplars.ts";

/** Exemplars of one scrape: many times what a target shows; more are counted and left out. */
const exemplarsMax = 10_000;
/** As samples: the furthest that one may lie ahead of the scrape. */
const aheadMaxMs = 600_000;

type Beside = Pick<MetricsBatch, "exemplars" | "starts">;

/** The exemplars and start timestamps of one target's scrapes. */
export class ScrapedExemplars {
  readonly #newest = new NewestExemplars();

  /** Columns are numbered anew. */
  clear(): void {
    this.#newest.clear();
  }

  /**
   * What a scrape brings of them; columns below 0 are of series that are not kept. A target shows the same exemplar again and again:
   * it is collected once, and not counted as dropped after that.
   */
  take(samples: SampleColumns, columnOf: Int32Array, scrapeMs: number): [Beside, Drops] {
    const { exemplars, starts, invalidExemplars } = samples;
    const drops: Drops = invalidExemplars === 0 ? {} : { invalid_exemplar: invalidExemplars };
    const beside = starts.size === 0 ? {} : { starts: startsOf(samples, columnOf, scrapeMs) };
    if (exemplars.length === 0) return [beside, drops];
    const taken = this.#exemplars(samples, columnOf, scrapeMs, drops);
    return [taken === undefined ? beside : { ...beside, exemplars: taken }, drops];
  }

  #exemplars(
    { exemplars, series }: SampleColumns,
    columnOf: Int32Array,
    scrapeMs: number,
    drops: Drops,
  ): ExemplarSamples | undefined {
    const byColumn = new Map<number, (Exemplar & { isTimed: boolean })[]>();
    let left = exemplarsMax;
    for (const { i, labels, value, timestampMs } of exemplars) {
      const column = columnOf[series[i] ?? 0] ?? -1;
      if (column < 0) continue;
      if (left-- <= 0) {
        drops.exemplar_limit = (drops.exemplar_limit ?? 0) + 1;
        continue;
      }
      if ((timestampMs ?? 0) > scrapeMs + aheadMaxMs) {
        drops.out_of_bounds_timestamp = (drops.out_of_bounds_timestamp ?? 0) + 1;
        continue;
      }
      const isTimed = timestampMs !== undefined;
      const one = { labels, value, timestampMs: timestampMs ?? scrapeMs, isTimed };
      const known = byColumn.get(column);
      if (known === undefined) byColumn.set(column, [one]);
      else known.push(one);
    }
    const taken: { column: number; exemplar: Exemplar }[] = [];
    for (const [column, some] of byColumn) {
      let late = 0;
      for (const { isTimed, ...exemplar } of some.toSorted(compareExemplars)) {
        const reason = this.#newest.take(column, exemplar, isTimed);
        if (reason === undefined) taken.push({ column, exemplar });
        else if (reason === "out_of_order_exemplar") late++;
        else if (reason !== "duplicate_exemplar") drops[reason] = (drops[reason] ?? 0) + 1;
      }
      // Some of a histogram's may be older than what was new before: only where all are, the series went back.
      if (late > 0 && late === some.length)
        drops.out_of_order_exemplar = (drops.out_of_order_exemplar ?? 0) + late;
    }
    if (taken.length === 0) return undefined;
    return {
      columns: Uint32Array.from(taken, ({ column }) => column),
      timestampsMs: Float64Array.from(taken, ({ exemplar }) => exemplar.timestampMs),
      values: Float64Array.from(taken, ({ exemplar }) => exemplar.value),
      labels: taken.map(({ exemplar }) => exemplar.labels),
    };
  }
}

function startsOf(
  { starts, series, explicit, timestampsMs }: SampleColumns,
  columnOf: Int32Array,
  scrapeMs: number,
): StartTimestamps {
  const kept = [...starts].filter(([i]) => (columnOf[series[i] ?? 0] ?? -1) >= 0);
  return {
    columns: Uint32Array.from(kept, ([i]) => columnOf[series[i] ?? 0] ?? 0),
    timestampsMs: Float64Array.from(kept, ([i]) =>
      explicit[i] === 1 ? (timestampsMs[i] ?? 0) : scrapeMs,
    ),
    startsMs: Float64Array.from(kept, ([, startMs]) => startMs),
  };
}
