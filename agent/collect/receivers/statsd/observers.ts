import { bucketColumns, emptyHistogram, type Histogram } from "#shared/model/histogram.ts";
import { type Labels, metricNameLabel } from "#shared/model/labels.ts";
import { wordsOf } from "#shared/model/special_values.ts";
import { formatShort } from "#shared/text/go_float_text.ts";
import type { CellBudget } from "#shared/model/cell_budget.ts";
import { ExponentialCounts, zeroThreshold } from "#shared/model/exponential_counts.ts";

/** Where samples of an observer's series go: its first, second ... series. */
export type ObserverOutput = {
  number(series: number, value: number): void;
  /** `low`, `high`: what stands for it where samples are compared. */
  histogram(series: number, histogram: Histogram, low: number, high: number): void;
};

/** What becomes of the values of a timer, histogram or distribution. */
export type Observer = {
  observe(value: number, weight: number): void;
  /** Label sets of its series, given those of the metric itself. */
  seriesOf(labels: Labels): Labels[];
  write(output: ObserverOutput): void;
  /** What was to be seen before the first observation: counters begin there. */
  writeZero(output: ObserverOutput): void;
  close(): void;
};

export type NativeOptions = { readonly schema: number; readonly bucketsMax: number };
export type ClassicOptions = { readonly bounds: readonly number[] };
export type SummaryOptions = {
  readonly quantiles: readonly number[];
  readonly maxAgeMs: number;
  readonly ageBuckets: number;
};
export type ObserverOptions =
  | ({ readonly type: "native" } & NativeOptions)
  | ({ readonly type: "classic" } & ClassicOptions)
  | ({ readonly type: "summary" } & SummaryOptions);

/** `nowMs` is a clock's that never goes back. */
export function newObserver(
  options: ObserverOptions,
  budget: CellBudget,
  nowMs: () => number,
): Observer {
  if (options.type === "native") return new NativeObserver(options, budget);
  if (options.type === "classic") return new ClassicObserver(options);
  return new SummaryObserver(options, budget, nowMs);
}

const sample = new Float64Array(1);
const sampleWords = wordsOf(sample);

/** One native histogram, cumulative. */
class NativeObserver implements Observer {
  readonly #schema: number;
  readonly #counts: ExponentialCounts;
  #written: Histogram | undefined;

  constructor({ schema, bucketsMax }: NativeOptions, budget: CellBudget) {
    this.#schema = schema;
    this.#counts = new ExponentialCounts(schema, bucketsMax, budget);
  }

  observe(value: number, weight: number): void {
    this.#counts.add(value, weight);
    this.#written = undefined;
  }

  seriesOf(labels: Labels): Labels[] {
    return [labels];
  }

  write(output: ObserverOutput): void {
    this.#written ??= this.#counts.histogram();
    sample[0] = this.#written.count;
    output.histogram(0, this.#written, sampleWords[0] ?? 0, sampleWords[1] ?? 0);
  }

  writeZero(output: ObserverOutput): void {
    output.histogram(0, { ...emptyHistogram, schema: this.#schema, zeroThreshold }, 0, 0);
  }

  close(): void {
    this.#counts.close();
  }
}

function nameWith(labels: Labels, suffix: string, extra: Labels = {}): Labels {
  return { ...labels, ...extra, [metricNameLabel]: `${labels[metricNameLabel] ?? ""}${suffix}` };
}

/** Buckets with the label `le`, a sum and a count. */
class ClassicObserver implements Observer {
  readonly #bounds: readonly number[];
  /** One more than bounds. */
  readonly #counts: Float64Array;
  #sum = 0;

  constructor({ bounds }: ClassicOptions) {
    this.#bounds = bounds;
    this.#counts = new Float64Array(bounds.length + 1);
  }

  observe(value: number, weight: number): void {
    const bounds = this.#bounds;
    let [low, end] = [0, bounds.length];
    while (low < end) {
      const middle = (low + end) >> 1;
      if ((bounds[middle] ?? 0) < value) low = middle + 1;
      else end = middle;
    }
    this.#counts[low] = (this.#counts[low] ?? 0) + weight;
    this.#sum += value * weight;
  }

  seriesOf(labels: Labels): Labels[] {
    const buckets = [...this.#bounds, Infinity].map((bound) =>
      nameWith(labels, "_bucket", { le: formatShort(bound) }),
    );
    return [...buckets, nameWith(labels, "_sum"), nameWith(labels, "_count")];
  }

  write(output: ObserverOutput): void {
    let count = 0;
    for (let i = 0; i < this.#counts.length; i++) {
      count += this.#counts[i] ?? 0;
      output.number(i, count);
    }
    output.number(this.#counts.length, this.#sum);
    output.number(this.#counts.length + 1, count);
  }

  writeZero(output: ObserverOutput): void {
    for (let i = 0; i < this.#counts.length + 2; i++) output.number(i, 0);
  }

  close(): void {}
}

/** 2 % between the bounds of a bucket: an estimate from its middle is off by 1.1 % at most. */
const summarySchema = 5;
/** Values from one to four billion. */
const summarySpanMax = 1_024;

/** Quantiles over the last `maxAgeMs`, in `ageBuckets` pieces of it that are let go one by one; the sum and the count are of all time. */
class SummaryObserver implements Observer {
  readonly #options: SummaryOptions;
  readonly #budget: CellBudget;
  readonly #nowMs: () => number;
  readonly #pieces: ExponentialCounts[];
  #beganMs: number;
  #count = 0;
  #sum = 0;

  constructor(options: SummaryOptions, budget: CellBudget, nowMs: () => number) {
    this.#options = options;
    this.#budget = budget;
    this.#nowMs = nowMs;
    this.#beganMs = nowMs();
    this.#pieces = [this.#newPiece()];
  }

  #newPiece(): ExponentialCounts {
    return new ExponentialCounts(summarySchema, summarySpanMax, this.#budget);
  }

  observe(value: number, weight: number): void {
    this.#pieces[0]?.add(value, weight);
    this.#count += weight;
    this.#sum += value * weight;
  }

  seriesOf(labels: Labels): Labels[] {
    const quantiles = this.#options.quantiles.map((quantile) => ({
      ...labels,
      quantile: formatShort(quantile),
    }));
    return [...quantiles, nameWith(labels, "_sum"), nameWith(labels, "_count")];
  }

  write(output: ObserverOutput): void {
    const { quantiles } = this.#options;
    const merged = mergedColumns(this.#pieces.filter(({ count }) => count > 0));
    for (const [i, quantile] of quantiles.entries()) output.number(i, quantileOf(merged, quantile));
    output.number(quantiles.length, this.#sum);
    output.number(quantiles.length + 1, this.#count);
    this.#age();
  }

  #age(): void {
    const { maxAgeMs, ageBuckets } = this.#options;
    if (this.#nowMs() - this.#beganMs < maxAgeMs / ageBuckets) return;
    this.#beganMs = this.#nowMs();
    this.#pieces.unshift(this.#newPiece());
    while (this.#pieces.length > ageBuckets) this.#pieces.pop()?.close();
  }

  writeZero(output: ObserverOutput): void {
    const { length } = this.#options.quantiles;
    output.number(length, 0);
    output.number(length + 1, 0);
  }

  close(): void {
    for (const piece of this.#pieces) piece.close();
  }
}

/** Buckets in the order of their values. */
type Merged = {
  readonly buckets: readonly { lower: number; upper: number; count: number }[];
  readonly count: number;
  readonly min: number;
  readonly max: number;
};

/** Pieces of different resolution stay apart: what lies in a wide bucket counts at its middle. */
function mergedColumns(pieces: readonly ExponentialCounts[]): Merged {
  const buckets: { lower: number; upper: number; count: number }[] = [];
  for (const piece of pieces) {
    const { lower, upper, counts } = bucketColumns(piece.histogram());
    for (let i = 0; i < counts.length; i++)
      if (counts[i] !== 0)
        buckets.push({ lower: lower[i] ?? 0, upper: upper[i] ?? 0, count: counts[i] ?? 0 });
  }
  return {
    buckets: buckets.toSorted((a, b) => a.lower + a.upper - (b.lower + b.upper)),
    count: pieces.reduce((sum, { count }) => sum + count, 0),
    min: Math.min(...pieces.map(({ min }) => min)),
    max: Math.max(...pieces.map(({ max }) => max)),
  };
}

/** NaN where nothing was observed, as in Prometheus's client libraries. */
function quantileOf({ buckets, count, min, max }: Merged, quantile: number): number {
  if (count === 0) return Number.NaN;
  const rank = quantile * count;
  let before = 0;
  for (const { lower, upper, count: own } of buckets) {
    before += own;
    if (before >= rank) return Math.min(max, Math.max(min, middleOf(lower, upper)));
  }
  return max;
}

/** Of an exponential bucket, where both ends are off by the same share. */
function middleOf(lower: number, upper: number): number {
  if (lower < 0 && upper > 0) return 0;
  return Math.sign(upper + lower) * Math.sqrt(Math.abs(lower)) * Math.sqrt(Math.abs(upper));
}
