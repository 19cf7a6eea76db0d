import type { Labels } from "#shared/model/labels.ts";
import type { MetricsPart, MetricsRow, SeriesSchema } from "#shared/model/metrics.ts";
import type { BandSettings } from "./band.ts";
import { setAbsent, wordsOf } from "#shared/model/special_values.ts";
import { ChosenColumns } from "./chosen_columns.ts";
import type { AdaptiveConfig } from "./config.ts";
import { HiddenResets } from "./hidden_resets.ts";
import { MetricKinds } from "./metric_kind.ts";
import { RowRing } from "./row_ring.ts";
import type { BandExit, SeriesBands, WatchedSeries } from "./series_bands.ts";
import { UntoldEnds } from "./untold_ends.ts";
import { WindowFigures } from "./window_figures.ts";

/** Samples of the ring that an order has shipped: [fromMs, untilMs] of the columns that hold a 1. It grows until the order is over. */
export type Extent = {
  readonly fromMs: number;
  untilMs: number;
  readonly columns: number[];
  isOver: boolean;
};

/** What is to be shipped of rows that came in. */
export type Thinned = {
  /** None where nothing is due. */
  readonly rows: readonly MetricsRow[];
  /** Whether a window ends here, so that what came beside the rows goes with them. */
  readonly isDue: boolean;
  readonly figures: MetricsPart | undefined;
};

/**
 * The rows of one schema: each goes into the ring and the figures of its window, one a window goes on. A window is what came since the row that
 * was shipped last: it ends with the first row at or past a multiple of the interval, in Unix time.
 */
export class SchemaStream {
  readonly ring = new RowRing();
  readonly chosen: ChosenColumns;
  readonly figures: WindowFigures;
  extents: Extent[] = [];
  readonly #source: SeriesSchema;
  readonly #full: (labels: Labels) => Labels;
  readonly #config: AdaptiveConfig;
  readonly #bands: SeriesBands;
  readonly #bandSettings: BandSettings;
  readonly #kinds = new MetricKinds();
  readonly #ends = new UntoldEnds();
  readonly #counters: number[] = [];
  readonly #resets = new HiddenResets();
  readonly #watched: { readonly column: number; readonly series: WatchedSeries }[] = [];
  #resolved = 0;
  #window = Number.NaN;
  #lastRowMs = Number.NaN;
  /** The newest row, while it is not shipped. */
  #held: MetricsRow | undefined;

  /** `full` tells the labels that a series is stored with. */
  constructor(
    source: SeriesSchema,
    config: AdaptiveConfig,
    bands: SeriesBands,
    full: (labels: Labels) => Labels,
  ) {
    this.#full = full;
    this.#source = source;
    this.#config = config;
    this.#bands = bands;
    this.#bandSettings = bandSettings(config.band);
    this.chosen = new ChosenColumns(source);
    this.figures = new WindowFigures(source);
  }

  /** Of the newest row, in Unix milliseconds. */
  get lastRowMs(): number {
    return this.#lastRowMs;
  }

  /** Whether all that has to be told of its rows is told, but for the ends of its figures. */
  get isTold(): boolean {
    return this.#held === undefined && this.#ends.isEmpty;
  }

  /** Takes the row over, and gives back what is to be shipped now. `onExit` is told of series that left their usual band. */
  take(row: MetricsRow, onExit: (exit: BandExit) => void): Thinned {
    const { timestampMs, values } = row;
    this.#resolve();
    const window = Math.floor(timestampMs / this.#config.ship);
    const alive = this.#ends.add(values);
    this.figures.add(values);
    const isDue = window !== this.#window || (alive === 0 && !this.#ends.isEmpty);
    this.#resets.add(row, this.#counters);
    const hidden = isDue ? this.#resets.take(values, this.#counters) : undefined;
    if (hidden !== undefined) this.#release(hidden);
    if (this.chosen.size > 0) this.ring.push(timestampMs, this.chosen.pick(values), isDue);
    this.#watch(timestampMs, values, onExit);
    this.#lastRowMs = timestampMs;
    this.#held = isDue ? undefined : row;
    if (!isDue) return { rows: [], isDue, figures: undefined };
    this.#window = window;
    const now = { timestampMs, values: this.#ends.tell(values) };
    const rows = hidden === undefined ? [now] : [{ ...hidden, isFine: true }, now];
    return { rows, isDue, figures: this.figures.take(timestampMs) };
  }

  /** What is not shipped yet, when no more rows come: the newest row, the ends of series, the figures of the open window. */
  finish(): Thinned {
    const held = this.#held;
    this.#held = undefined;
    const timestampMs = this.#lastRowMs;
    if (held === undefined && this.#ends.isEmpty)
      return { rows: [], isDue: false, figures: undefined };
    if (held !== undefined) this.#release(held);
    // Where the newest row was shipped nothing can have ended since.
    const values = this.#ends.tell(held?.values ?? new Float64Array(0));
    return {
      rows: [{ timestampMs, values, isFine: held !== undefined }],
      isDue: true,
      figures: this.figures.take(timestampMs),
    };
  }

  /** A row of the ring goes on after all: without what orders have shipped of it. */
  #release({ timestampMs, values }: MetricsRow): void {
    this.ring.markShipped(timestampMs);
    const words = wordsOf(values);
    for (const { fromMs, untilMs, columns } of this.extents) {
      if (timestampMs < fromMs || timestampMs > untilMs) continue;
      for (const [column, isShipped] of columns.entries()) {
        const place = this.chosen.placeOf(column);
        if (isShipped === 1 && place < values.length) setAbsent(words, place);
      }
    }
  }

  /** Stale markers for the figures of rows that come no more; undefined where there are none. */
  endFigures(): MetricsPart | undefined {
    return this.figures.take(this.#lastRowMs + this.#config.collect);
  }

  /** Of orders that are over, and about rows that are no more. */
  forgetExtents(oldestMs: number): void {
    this.extents = this.extents.filter(({ isOver, untilMs }) => !isOver || untilMs >= oldestMs);
  }

  /** What is chosen of the columns that are new. */
  #resolve(): void {
    const { series } = this.#source;
    const { metrics, band } = this.#config;
    for (; this.#resolved < series.length; this.#resolved++) {
      const column = this.#resolved;
      const own = series[column] ?? {};
      const labels = this.#full(own);
      const kind = this.#kinds.of(this.#source, own);
      if (metrics.match.selects(labels)) this.chosen.admit(column);
      if (kind === "gauge" && metrics.windows.selects(labels)) this.figures.admit(column);
      if (kind === "counter") this.#counters.push(column);
      if (!band.enabled || kind === "other" || !band.match.selects(labels)) continue;
      const watched = this.#bands.of(own, kind);
      if (watched !== undefined) this.#watched.push({ column, series: watched });
    }
  }

  #watch(timestampMs: number, values: Float64Array, onExit: (exit: BandExit) => void): void {
    const { cooldown } = this.#config.band;
    for (const { column, series } of this.#watched) {
      const value = values[column] ?? Number.NaN;
      const exit = series.observe(timestampMs, value, this.#bandSettings, cooldown);
      if (exit !== undefined) onExit(exit);
    }
  }
}

function bandSettings(band: AdaptiveConfig["band"]): BandSettings {
  return {
    width: band.width,
    widthMin: band.width_min,
    widthMinAbsolute: band.width_min_absolute,
    memoryMs: band.memory,
    warmUpMs: band.warm_up,
    samples: band.samples,
  };
}
