import { SeriesLimit, type SeriesLimitReport } from "#shared/cardinality/series_limit.ts";
import type { Labels } from "#shared/model/labels.ts";
import type { SeriesSchema } from "#shared/model/metrics.ts";
import { labelsHash } from "./target_columns.ts";

const seenEveryMs = 5 * 60_000;

type SeenColumns = {
  readonly schema: SeriesSchema;
  /** By column: `mark` where it had a sample. */
  readonly seenMark: Uint32Array;
  readonly mark: number;
  /** The columns before it do not count. */
  readonly first: number;
};

/** The limit on active series of one target. */
export class TargetLimit {
  readonly #limit: SeriesLimit;
  #schema: SeriesSchema = { series: [], families: [] };
  /** By column of the schema. */
  #hashes: number[] = [];
  #seenMs = 0;
  #nowMs = 0;
  #hasRefused = false;

  /** `known` gives the series that the target has. `limit` is at least 1. */
  constructor(
    name: string,
    limit: number,
    known: () => readonly Labels[],
    onReached: (report: SeriesLimitReport) => void,
  ) {
    this.#limit = new SeriesLimit({ scope: "target", name, limit, known, onReached });
  }

  begin(nowMs: number): void {
    this.#nowMs = nowMs;
  }

  /** Whether a series without a column may have one; `hash` is its labelsHash(). */
  admits(hash: number, labels: Labels): boolean {
    const isAdmitted = this.#limit.admit(hash, labels, this.#nowMs);
    if (!isAdmitted) this.#hasRefused = true;
    return isAdmitted;
  }

  /** The series of `hash` has this column now: it is kept, as finish() has no pause to make it. */
  placed(schema: SeriesSchema, column: number, hash: number): void {
    this.#startSchema(schema);
    if (column === this.#hashes.length) this.#hashes.push(hash);
  }

  /** After a good scrape that had samples of refused series, too. Looks every five minutes which columns had a sample. */
  finish(refusedSamples: number, { schema, seenMark, mark, first }: SeenColumns): void {
    this.#limit.addRefusedSamples(refusedSamples, this.#nowMs);
    if (Math.abs(this.#nowMs - this.#seenMs) < seenEveryMs) return;
    this.#seenMs = this.#nowMs;
    this.#startSchema(schema);
    const { series } = schema;
    for (let i = this.#hashes.length; i < series.length; i++)
      this.#hashes.push(labelsHash(series[i] ?? {}));
    for (const [column, hash] of this.#hashes.entries())
      if (column >= first && seenMark[column] === mark) this.#limit.touch(hash, this.#nowMs);
  }

  #startSchema(schema: SeriesSchema): void {
    if (schema === this.#schema) return;
    this.#schema = schema;
    this.#hashes = [];
  }

  /** Whether lines were refused that may have a place now: true once, then their labels are to be resolved again. */
  takeRetry(): boolean {
    if (!this.#hasRefused || !this.#limit.hasRoom(this.#nowMs)) return false;
    this.#hasRefused = false;
    return true;
  }

  report(): SeriesLimitReport {
    return this.#limit.report(this.#nowMs);
  }
}
