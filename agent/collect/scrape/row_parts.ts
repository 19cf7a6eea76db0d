import type { MetricsBatch } from "#shared/model/metrics.ts";
import { columnsOf } from "./column_arrays.ts";
import type { TargetColumns } from "./target_columns.ts";

/** What lies beside the row of a scrape, and may name any of its columns. */
export type Beside = Omit<MetricsBatch, "schema" | "rows">;

type Scraped = {
  readonly timestampMs: number;
  readonly values: Float64Array;
  readonly beside: Beside;
};

/**
 * A scrape on its way out: one batch, or several where many of its series are new. All that sees a batch goes through its new series without a pause;
 * a hundred thousand of them took most of a second.
 */
export class RowParts {
  #scraped: Scraped | undefined;
  #given = 0;

  put(scraped: Scraped): void {
    this.#scraped = scraped;
    this.#given = 0;
  }

  /** Publishes columns, and gives the batch of those; with the last of them what lies beside the row. Undefined after that. */
  next(columns: TargetColumns): MetricsBatch | undefined {
    if (this.#scraped === undefined) return undefined;
    const { timestampMs, values, beside } = this.#scraped;
    const { schema } = columns;
    const isLast = columns.publish();
    const { length } = schema.series;
    const rows = [{ timestampMs, values: columnsOf(values, this.#given, length) }];
    this.#given = length;
    if (!isLast) return { schema, rows };
    this.#scraped = undefined;
    return { schema, rows, ...beside };
  }

  /** Whether next() has given everything. */
  get isGiven(): boolean {
    return this.#scraped === undefined;
  }
}
