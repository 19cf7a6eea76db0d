import { OperatingError } from "#shared/errors.ts";
import type { DropReason } from "#shared/model/account.ts";
import { type Labels, labelsKey, metricNameLabel } from "#shared/model/labels.ts";
import type { MetricFamily } from "#shared/model/metrics.ts";
import { setNormalNan, setStale, wordsOf } from "#shared/model/special_values.ts";
import type { Exemplar as OtlpExemplar } from "#proto/gen/foreign/otlp_metrics_pb.js";
import { type PushedSeries, noRoom } from "../samples/pushed_series.ts";
import type { BesideSamples } from "../samples/beside_samples.ts";
import type { SampleBuffer } from "../samples/sample_buffer.ts";
import type { Counted, DeltaTotals } from "./delta_totals.ts";
import type { IdEncoding } from "./logs_converter.ts";
import { exemplarsOf } from "./exemplars.ts";
import type { Relation, RequestSamples } from "./request_samples.ts";

/** A data point that is not stored, with the reason. */
export class PointRejectedError extends OperatingError {
  readonly reason: DropReason;

  constructor(reason: DropReason, message: string) {
    super("bad_request", message);
    this.reason = reason;
  }
}

/** The furthest that a point may lie ahead of our clock, as in Prometheus. */
const aheadMaxMs = 600_000;
const labelBytesMax = 64 * 1024;

export type WriterParts = {
  readonly series: PushedSeries;
  readonly buffer: SampleBuffer;
  readonly totals: DeltaTotals;
  readonly samples: RequestSamples;
  readonly beside: BesideSamples;
  readonly ids: IdEncoding;
  readonly nowMs: number;
};

/** Labels that all points of a resource and scope have. */
export type CommonLabels = {
  /** Give way to labels of the point. */
  readonly promoted: Labels;
  /** Stand over those of the point: job, instance, the scope. */
  readonly identity: Labels;
};

/** Samples of data points on their way into the buffer. A point is judged as a whole before its first sample. */
export class PointWriter {
  readonly #parts: WriterParts;
  readonly #latestMs: number;
  readonly #one = new Float64Array(1);
  readonly #words = wordsOf(this.#one);
  #common: CommonLabels = { promoted: {}, identity: {} };
  /** Whether metadata came that is to be handed on. */
  hasNewFamilies = false;
  /** Times of the resource's points. */
  firstMs = Infinity;
  lastMs = -Infinity;

  constructor(parts: WriterParts) {
    this.#parts = parts;
    this.#latestMs = parts.nowMs + aheadMaxMs;
    parts.samples.begin();
  }

  startResource(): void {
    this.firstMs = Infinity;
    this.lastMs = -Infinity;
  }

  /** Labels of all points until they are set again. */
  setCommonLabels(labels: CommonLabels): void {
    this.#common = labels;
  }

  describe(family: MetricFamily): void {
    if (this.#parts.series.describe(family)) this.hasNewFamilies = true;
  }

  /** Unix milliseconds of a point. Throws PointRejectedError. */
  time(unixNanos: bigint): number {
    const timestampMs = Number(unixNanos / 1_000_000n);
    if (unixNanos === 0n)
      throw new PointRejectedError("invalid_sample", "a data point has no time");
    if (timestampMs > this.#latestMs)
      throw new PointRejectedError(
        "out_of_bounds_timestamp",
        `time ${unixNanos} lies in the future`,
      );
    return timestampMs;
  }

  /**
   * The samples of one point: all of them, or none. With `isDelta` the values are differences, and their running totals are
   * stored. Throws PointRejectedError.
   */
  write(
    timestampMs: number,
    samples: readonly PointSample[],
    { attributes, isStale, isDelta, startUnixNano = 0n, exemplars = [] }: PointTraits,
  ): void {
    const placed = this.#place(samples, {
      ...this.#common.promoted,
      ...attributes,
      ...this.#common.identity,
    });
    const { totals, series } = this.#parts;
    if (placed.some(({ column }) => series.isTooOld(column, timestampMs)))
      throw new PointRejectedError("too_old_sample", `time ${timestampMs} ms is too late`);
    const before = totals.changes().length;
    const values =
      isDelta && !isStale ? this.#totals(placed, timestampMs) : placed.map(({ value }) => value);
    const fresh = placed.map(({ column }, i) => {
      this.#setWords(values[i] ?? 0, isStale);
      return this.#relation(column, timestampMs);
    });
    if (fresh.includes("conflict")) {
      totals.undoAfter(before);
      throw new PointRejectedError("duplicate_timestamp", "another value came for that time");
    }
    placed.forEach(({ column }, i) => {
      if (fresh[i] === "new") this.#push(column, timestampMs, values[i] ?? 0, isStale);
    });
    // Of differences a running total is stored, which counts since another time.
    const startMs = isDelta ? 0 : Number(startUnixNano / 1_000_000n);
    if (startMs > 0 && startMs <= timestampMs && !isStale)
      for (const { column } of placed)
        this.#parts.beside.addStart(column, series.labelsOf(column) ?? {}, timestampMs, startMs);
    if (exemplars.length > 0) this.#addExemplars(samples, placed, exemplars);
    this.firstMs = Math.min(this.firstMs, timestampMs);
    this.lastMs = Math.max(this.lastMs, timestampMs);
  }

  /** To the first bucket that holds it where there are classic ones, else to the point's only series. */
  #addExemplars(
    samples: readonly PointSample[],
    placed: readonly Placed[],
    exemplars: readonly OtlpExemplar[],
  ): void {
    const { beside, series, ids } = this.#parts;
    for (const exemplar of exemplarsOf(exemplars, ids)) {
      const at = samples.findIndex(
        ({ extra }) => extra["le"] === undefined || (exemplar?.value ?? 0) <= boundOf(extra["le"]),
      );
      const column = placed[at]?.column;
      if (exemplar === undefined || column === undefined) beside.drop("invalid_exemplar");
      else if (exemplar.timestampMs > this.#latestMs) beside.drop("out_of_bounds_timestamp");
      else beside.addExemplar(column, series.labelsOf(column) ?? {}, exemplar);
    }
  }

  #place(samples: readonly PointSample[], common: Labels): Placed[] {
    return samples.map(({ name, extra, value }) => {
      const labels = { ...common, ...extra, [metricNameLabel]: name };
      const key = labelsKey(labels);
      if (key.length > labelBytesMax)
        throw new PointRejectedError(
          "label_limit",
          `labels are larger than ${labelBytesMax} bytes`,
        );
      const column = this.#parts.series.columnOf(labels, key);
      if (column === noRoom)
        throw new PointRejectedError("series_limit", "the limit of series is reached");
      return { column, key, value };
    });
  }

  /** Running totals after the differences: of all, or of none. */
  #totals(placed: readonly Placed[], timestampMs: number): Counted[] {
    const { totals } = this.#parts;
    const before = totals.changes().length;
    return placed.map(({ key, value }) => {
      const total = totals.add(key, timestampMs, value);
      if (total !== "late" && total !== "full") return total;
      totals.undoAfter(before);
      throw total === "late"
        ? new PointRejectedError("duplicate_sample", "a delta is not newer than the one before")
        : new PointRejectedError("series_limit", "the limit of delta totals is reached");
    });
  }

  /** Puts what stands for a value, wherever samples are compared, into the words. */
  #setWords(value: Counted, isStale: boolean): void {
    if (isStale) return setStale(this.#words, 0);
    if (typeof value === "number") {
      this.#one[0] = value;
      if (Number.isNaN(value)) setNormalNan(this.#words, 0);
      return;
    }
    this.#one[0] = value.count;
    const [countLow = 0, countHigh = 0] = this.#words;
    this.#one[0] = value.sum;
    this.#words[0] = ((this.#words[0] ?? 0) ^ countHigh) >>> 0;
    this.#words[1] = ((this.#words[1] ?? 0) ^ countLow) >>> 0;
  }

  #relation(column: number, timestampMs: number): Relation {
    const [low = 0, high = 0] = this.#words;
    const { series, samples } = this.#parts;
    const relation = series.compareWithLast(column, timestampMs, low, high);
    return relation === "new" ? samples.compare(column, timestampMs, low, high) : relation;
  }

  #push(column: number, timestampMs: number, value: Counted, isStale: boolean): void {
    const { buffer, samples } = this.#parts;
    this.#setWords(value, isStale);
    const [low = 0, high = 0] = this.#words;
    samples.add(column, timestampMs, low, high);
    if (typeof value === "number" || isStale) buffer.pushWords(column, timestampMs, low, high);
    else buffer.pushHistogram(column, timestampMs, value, low, high);
  }

  /** A sample of value 1 that says something about the resource itself. */
  info(name: string, labels: Labels, timestampMs: number): void {
    const [first, last, common] = [this.firstMs, this.lastMs, this.#common];
    this.#common = { promoted: {}, identity: {} };
    const traits = { attributes: labels, isStale: false, isDelta: false };
    this.write(timestampMs, [{ name, extra: {}, value: 1 }], traits);
    this.#common = common;
    [this.firstMs, this.lastMs] = [first, last];
  }
}

type Placed = { readonly column: number; readonly key: string; readonly value: Counted };

export type PointSample = {
  readonly name: string;
  /** Labels of this sample alone, such as `le`. */
  readonly extra: Labels;
  readonly value: Counted;
};

export type PointTraits = {
  readonly attributes: Labels;
  /** The point says that there is no value any more. */
  readonly isStale: boolean;
  readonly isDelta: boolean;
  /** Since when a cumulative value counts; 0 where it is not told. */
  readonly startUnixNano?: bigint;
  readonly exemplars?: readonly OtlpExemplar[];
};

/** A bound as PointSample has it. */
function boundOf(le: string): number {
  return le === "+Inf" ? Infinity : Number(le);
}
