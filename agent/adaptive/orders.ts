import type { ResolutionAnswer, ResolutionReason } from "#proto/bus/resolution.ts";
import type { Labels } from "#shared/model/labels.ts";
import type { MetricsPart, MetricsRow } from "#shared/model/metrics.ts";
import { isAbsent, setAbsent, wordsOf } from "#shared/model/special_values.ts";
import type { Extent, SchemaStream } from "./schema_stream.ts";

/** Values, absent ones included, that one batch holds at most: what is written at once. */
const batchCellsMax = 128 * 1_024;

/** An order that is being carried out: which samples of the ring, and which of them are shipped by now. */
export class Order {
  readonly reason: ResolutionReason;
  readonly selects: (labels: Labels) => boolean;
  /** Job and instance, of an order that is about a target and not a person's. */
  readonly about: string | undefined;
  readonly fromMs: number;
  /** May grow while the order lasts. */
  toMs: number;
  /** Resolves when what the ring held at the begin is shipped. */
  readonly begun = Promise.withResolvers<void>();
  readonly #extents = new Map<SchemaStream, Extent>();
  #series = 0;
  #samples = 0;
  #isCut = false;

  constructor(
    reason: ResolutionReason,
    selects: (labels: Labels) => boolean,
    fromMs: number,
    toMs: number,
    about?: string,
  ) {
    this.about = about;
    this.reason = reason;
    this.selects = selects;
    this.fromMs = fromMs;
    this.toMs = toMs;
  }

  get isCut(): boolean {
    return this.#isCut;
  }

  /** It ships no more, whoever still waits for it. */
  end(): void {
    for (const extent of this.#extents.values()) extent.isOver = true;
    this.begun.resolve();
  }

  answer(): ResolutionAnswer {
    const { fromMs, toMs } = this;
    return { fromMs, toMs, series: this.#series, samples: this.#samples, isCut: this.#isCut };
  }

  /**
   * The next samples of a stream: rows that were not shipped with a window, of columns that no order has shipped at that time. undefined where
   * there are no more for now. `allows` is asked for each row's samples; where it refuses, the order is cut.
   */
  next(
    stream: SchemaStream,
    allows: (samples: number) => boolean,
  ): { readonly part: MetricsPart; readonly samples: number } | undefined {
    const extent = this.#extentOf(stream);
    if (this.#isCut || !extent.columns.includes(1)) return undefined;
    const rows: MetricsRow[] = [];
    let [samples, cells, lastMs] = [0, 0, extent.untilMs];
    for (const row of stream.ring.read(extent.untilMs, this.toMs)) {
      const { timestampMs, values, isShipped } = row;
      const count = isShipped ? 0 : this.#leave(stream, extent, timestampMs, values);
      if (count > 0 && !allows(count)) {
        this.#isCut = true;
        break;
      }
      lastMs = Math.max(lastMs, timestampMs);
      if (count === 0) continue;
      rows.push({ timestampMs, values, isFine: true });
      samples += count;
      cells += values.length;
      if (cells >= batchCellsMax) break;
    }
    extent.untilMs = lastMs;
    this.#samples += samples;
    if (rows.length === 0) return undefined;
    return { part: { schema: stream.chosen.schema, rows }, samples };
  }

  /** Makes absent what the order does not want, or another one has shipped; returns how many samples are left. */
  #leave(stream: SchemaStream, own: Extent, timestampMs: number, values: Float64Array): number {
    const others = stream.extents.filter(
      (one) => one !== own && timestampMs >= one.fromMs && timestampMs <= one.untilMs,
    );
    const words = wordsOf(values);
    let count = 0;
    for (let column = 0; column < values.length; column++) {
      if (isAbsent(words, column)) continue;
      if (own.columns[column] === 1 && others.every((one) => one.columns[column] !== 1)) count++;
      else setAbsent(words, column);
    }
    return count;
  }

  #extentOf(stream: SchemaStream): Extent {
    let extent = this.#extents.get(stream);
    if (extent === undefined) {
      // What is read comes after `untilMs`.
      extent = { fromMs: this.fromMs, untilMs: this.fromMs - 1, columns: [], isOver: false };
      this.#extents.set(stream, extent);
      stream.extents.push(extent);
    }
    const { series } = stream.chosen.schema;
    for (let column = extent.columns.length; column < series.length; column++) {
      const isWanted = this.selects(series[column] ?? {});
      extent.columns.push(isWanted ? 1 : 0);
      if (isWanted) this.#series++;
    }
    return extent;
  }
}
