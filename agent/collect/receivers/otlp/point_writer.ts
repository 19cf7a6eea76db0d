import { OperatingError } from "#shared/errors.ts";
import type { DropReason } from "#shared/model/account.ts";
import { type Labels, labelsKey, metricNameLabel } from "#shared/model/labels.ts";
import type { MetricFamily } from "#shared/model/metrics.ts";
import { setNormalNan, wordsOf } from "#shared/model/special_values.ts";
import { type PushedSeries, noRoom } from "../pushed_series.ts";
import type { SampleBuffer } from "../sample_buffer.ts";
import type { DeltaSums } from "./delta_sums.ts";

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

/** Samples of data points on their way into the buffer. A point is judged as a whole before its first sample. */
export class PointWriter {
  readonly #series: PushedSeries;
  readonly #buffer: SampleBuffer;
  readonly #sums: DeltaSums;
  readonly #latestMs: number;
  readonly #one = new Float64Array(1);
  readonly #words = wordsOf(this.#one);
  #resource: Labels = {};
  /** Whether metadata came that is to be handed on. */
  hasNewFamilies = false;
  /** Times of the resource's points. */
  firstMs = Infinity;
  lastMs = -Infinity;

  constructor(series: PushedSeries, buffer: SampleBuffer, sums: DeltaSums, nowMs: number) {
    this.#series = series;
    this.#buffer = buffer;
    this.#sums = sums;
    this.#latestMs = nowMs + aheadMaxMs;
  }

  /** Labels of all points until the next resource. */
  startResource(labels: Labels): void {
    this.#resource = labels;
    this.firstMs = Infinity;
    this.lastMs = -Infinity;
  }

  describe(family: MetricFamily): void {
    if (this.#series.describe(family)) this.hasNewFamilies = true;
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
   * The samples of one point: all of them, or none. With `isDelta` the values are differences, and their running sums are
   * stored. Throws PointRejectedError.
   */
  write(
    timestampMs: number,
    samples: readonly PointSample[],
    { attributes, isStale, isDelta }: PointTraits,
  ): void {
    const placed = samples.map(({ name, extra, value }) => {
      const labels = { ...attributes, ...this.#resource, ...extra, [metricNameLabel]: name };
      const key = labelsKey(labels);
      if (key.length > labelBytesMax)
        throw new PointRejectedError(
          "label_limit",
          `labels are larger than ${labelBytesMax} bytes`,
        );
      const column = this.#series.columnOf(labels, key);
      if (column === noRoom)
        throw new PointRejectedError("sample_limit", "the limit of series is reached");
      return { column, key, value };
    });
    const values =
      isDelta && !isStale ? this.#totals(placed, timestampMs) : placed.map(({ value }) => value);
    const fresh = placed.map(({ column }, i) =>
      isStale ? "new" : this.#relation(column, timestampMs, values[i] ?? 0),
    );
    if (fresh.includes("conflict"))
      throw new PointRejectedError("duplicate_sample", "another value is stored for that time");
    placed.forEach(({ column }, i) => {
      if (fresh[i] === "same") return;
      if (isStale) this.#buffer.pushStale(column, timestampMs);
      else this.#buffer.push(column, timestampMs, values[i] ?? 0);
    });
    this.firstMs = Math.min(this.firstMs, timestampMs);
    this.lastMs = Math.max(this.lastMs, timestampMs);
  }

  /** Running sums after the differences: of all, or of none. */
  #totals(placed: readonly { key: string; value: number }[], timestampMs: number): number[] {
    const before = this.#sums.changes().length;
    const totals: number[] = [];
    for (const { key, value } of placed) {
      const total = this.#sums.add(key, timestampMs, value);
      if (typeof total === "number") {
        totals.push(total);
        continue;
      }
      this.#sums.undo(this.#sums.changes().slice(before));
      throw total === "late"
        ? new PointRejectedError("duplicate_sample", "a delta is not newer than the one before")
        : new PointRejectedError("sample_limit", "the limit of delta sums is reached");
    }
    return totals;
  }

  #relation(column: number, timestampMs: number, value: number): "new" | "same" | "conflict" {
    this.#one[0] = value;
    if (Number.isNaN(value)) setNormalNan(this.#words, 0);
    const [low = 0, high = 0] = this.#words;
    return this.#series.compareWithLast(column, timestampMs, low, high);
  }

  /** A sample of value 1 that says something about the resource itself. */
  info(name: string, labels: Labels, timestampMs: number): void {
    const [first, last] = [this.firstMs, this.lastMs];
    const resource = this.#resource;
    this.#resource = {};
    const traits = { attributes: labels, isStale: false, isDelta: false };
    this.write(timestampMs, [{ name, extra: {}, value: 1 }], traits);
    this.#resource = resource;
    [this.firstMs, this.lastMs] = [first, last];
  }
}

export type PointSample = {
  readonly name: string;
  /** Labels of this sample alone, such as `le`. */
  readonly extra: Labels;
  readonly value: number;
};

export type PointTraits = {
  readonly attributes: Labels;
  /** The point says that there is no value any more. */
  readonly isStale: boolean;
  readonly isDelta: boolean;
};
