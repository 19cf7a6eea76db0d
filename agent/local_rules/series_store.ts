import { type Labels, labelsKey, metricNameLabel } from "#shared/model/labels.ts";
import type { MetricsBatch, MetricsPart, SeriesSchema } from "#shared/model/metrics.ts";
import { isAbsent, isStale, wordsOf } from "#shared/model/special_values.ts";
import type { Expression, Selector } from "./expression.ts";
import { selectorsOf } from "./expression.ts";
import { type SampleBudget, SeriesWindow } from "./series_window.ts";

/** How long after its last sample a series still has a value, as in Prometheus. */
export const lookbackMs = 300_000;
/** A series and its labels take some 300 bytes, a sample 16. */
const limits = { seriesMax: 5_000, samplesMax: 131_072 };

/** The series that one selector of the rules selects. */
type Selected = {
  readonly selector: Selector;
  keepMs: number;
  readonly windows: Map<string, SeriesWindow>;
};
type Pick = {
  readonly column: number;
  readonly of: Selected;
  /** Without the metric's name. */
  readonly labels: Labels;
  /** From its first sample on. */
  window: SeriesWindow | undefined;
  /** There was no room for it. */
  isRefused: boolean;
};
/** What is known of a schema: which columns the rules look at. */
type SchemaPicks = { readonly generation: number; resolved: number; readonly picks: Pick[] };

/**
 * The recent samples that rules are evaluated on. It sees every batch on its way to the spool; which columns of a schema matter is found out
 * once a schema, so what no rule names costs a look-up a batch.
 */
export class SeriesStore {
  readonly #limits: typeof limits;
  readonly #budget: SampleBudget;
  #byMetric = new Map<string, Selected[]>();
  #byText = new Map<string, Selected>();
  #known = new WeakMap<SeriesSchema, SchemaPicks>();
  #generation = 0;
  #refusedNow = false;
  #seriesCount = 0;
  /** Series that there was no room for, and samples that went before their time; since the start. */
  readonly counts = { refusedSeries: 0, cutSamples: 0 };

  constructor(given: Partial<typeof limits> = {}) {
    this.#limits = { ...limits, ...given };
    this.#budget = { left: this.#limits.samplesMax };
  }

  get seriesCount(): number {
    return this.#seriesCount;
  }

  /** Watches what these expressions select; what was selected before keeps its samples. */
  watch(expressions: readonly Expression[]): void {
    const wanted = new Map<string, Selected>();
    for (const { selector, rangeMs } of expressions.flatMap(selectorsOf)) {
      const one = wanted.get(selector.text) ?? {
        selector,
        keepMs: 0,
        windows: this.#byText.get(selector.text)?.windows ?? new Map<string, SeriesWindow>(),
      };
      one.keepMs = Math.max(one.keepMs, rangeMs);
      wanted.set(selector.text, one);
    }
    for (const [text, { windows }] of this.#byText)
      if (!wanted.has(text)) for (const key of windows.keys()) this.#forget(windows, key);
    this.#byText = wanted;
    this.#byMetric = Map.groupBy(wanted.values(), ({ selector }) => selector.metric);
    this.#generation++;
  }

  /** Takes the samples that rules look at; changes nothing of the batch. */
  add(batch: MetricsBatch): void {
    this.#addPart(batch);
    if (batch.also !== undefined) for (const part of batch.also) this.#addPart(part);
  }

  /** Series with their recent samples. */
  windows(selector: Selector): Iterable<SeriesWindow> {
    return this.#byText.get(selector.text)?.windows.values() ?? [];
  }

  /** Forgets series that have no value any more. */
  sweep(nowMs: number): void {
    for (const { windows, keepMs } of this.#byText.values())
      for (const [key, { lastMs, staleMs }] of windows) {
        const endMs = Math.max(lastMs, staleMs);
        if (endMs < nowMs - Math.max(lookbackMs, keepMs)) this.#forget(windows, key);
      }
    // There is room again: columns are looked at anew.
    if (!this.#refusedNow || this.#seriesCount >= this.#limits.seriesMax) return;
    this.#refusedNow = false;
    this.#generation++;
  }

  #addPart({ schema, rows, sparse }: MetricsPart): void {
    const { picks } = this.#picksOf(schema);
    if (picks.length === 0) return;
    for (const { timestampMs, values, isFine } of rows) {
      const words = wordsOf(values);
      for (const pick of picks)
        if (pick.column < values.length)
          this.#take(pick, timestampMs, words, pick.column, values[pick.column] ?? 0, isFine);
    }
    if (sparse === undefined) return;
    const words = wordsOf(sparse.values);
    const byColumn = Map.groupBy(picks, ({ column }) => column);
    for (let i = 0; i < sparse.columns.length; i++)
      for (const pick of byColumn.get(sparse.columns[i] ?? 0) ?? [])
        this.#take(pick, sparse.timestampsMs[i] ?? 0, words, i, sparse.values[i] ?? 0);
  }

  #take(
    pick: Pick,
    timeMs: number,
    words: Uint32Array,
    at: number,
    value: number,
    isFine?: boolean,
  ): void {
    if (isAbsent(words, at)) return;
    const { of, window } = pick;
    if (isStale(words, at)) {
      if (window !== undefined) window.staleMs = Math.max(window.staleMs, timeMs);
      return;
    }
    const taking = window?.isListed === true ? window : this.#windowOf(pick);
    if (taking === undefined) return;
    pick.window = taking;
    if (!taking.add(timeMs, value, of.keepMs, isFine)) this.counts.cutSamples++;
  }

  #picksOf(schema: SeriesSchema): SchemaPicks {
    let known = this.#known.get(schema);
    if (known?.generation !== this.#generation) {
      known = { generation: this.#generation, resolved: 0, picks: [] };
      this.#known.set(schema, known);
    }
    for (; known.resolved < schema.series.length; known.resolved++) {
      const column = known.resolved;
      const labels = schema.series[column] ?? {};
      for (const of of this.#byMetric.get(labels[metricNameLabel] ?? "") ?? []) {
        if (!of.selector.selects(labels)) continue;
        const { [metricNameLabel]: _, ...rest } = labels;
        known.picks.push({ column, of, labels: rest, window: undefined, isRefused: false });
      }
    }
    return known;
  }

  /** The series' window, a new one where it is not known or has ended; undefined where there is no room. */
  #windowOf(pick: Pick): SeriesWindow | undefined {
    const { labels, isRefused } = pick;
    const { windows } = pick.of;
    const key = labelsKey(labels);
    const found = windows.get(key);
    if (found !== undefined || isRefused) return found;
    if (!this.#hasRoom()) {
      pick.isRefused = true;
      return undefined;
    }
    this.#seriesCount++;
    const window = new SeriesWindow(labels, this.#budget);
    windows.set(key, window);
    return window;
  }

  #hasRoom(): boolean {
    if (this.#seriesCount < this.#limits.seriesMax && this.#budget.left > 0) return true;
    this.counts.refusedSeries++;
    this.#refusedNow = true;
    return false;
  }

  #forget(windows: Map<string, SeriesWindow>, key: string): void {
    windows.get(key)?.release();
    windows.delete(key);
    this.#seriesCount--;
  }
}
