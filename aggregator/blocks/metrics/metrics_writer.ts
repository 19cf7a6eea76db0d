// Hot: guarded by `bench pace`.
import type { DuckDBAppender } from "@duckdb/node-api";
import type { SeriesExemplars } from "#shared/model/exemplars.ts";
import type { SampleRun } from "../../read/cut_metrics.ts";
import { exemplarColumns, exemplarTypes } from "./exemplar_rows.ts";
import { histogramColumns, histogramTypes } from "./histogram_columns.ts";
import type { SeriesText } from "../series/labels_text.ts";
import { MetricsRows, numberColumns } from "./metrics_rows.ts";
import { type TableType, chunkOf } from "../../duckdb/table_types.ts";
import type { Written } from "../file/written.ts";

const numbers = numberColumns.map(({ name, type }) => `${name} ${type}`).join(", ");
/** The table that a metrics block is copied from; its columns are drawn in docs/formats/parquet.md. */
export const metricsTable = `${numbers}, ${histogramColumns}, start_ms BIGINT, fine BOOLEAN[], ${exemplarColumns}`;
const types: readonly TableType[] = [
  ...numberColumns.map(({ type }) => type),
  ...histogramTypes,
  "BIGINT",
  "BOOLEAN[]",
  ...exemplarTypes,
];

/** Appends series (sorted by name, then labels; samples ascending) to a table of `metricsTable`. */
export class MetricsWriter {
  readonly #appender: DuckDBAppender;
  readonly #rows = new MetricsRows();
  /** Those that have samples. */
  readonly series: SeriesText[] = [];

  constructor(appender: DuckDBAppender) {
    this.#appender = appender;
  }

  get items(): number {
    return this.#rows.items;
  }

  /** The columns, as SQL, that hold anything so far. */
  get columns(): string {
    return this.#rows.columns;
  }

  add(series: SeriesText, run: SampleRun): void {
    if (run.count > 0 && series !== this.series.at(-1)) this.series.push(series);
    for (let at = this.#rows.add(series, run, 0); at < run.count;) {
      this.#flush();
      at = this.#rows.add(series, run, at);
    }
  }

  /** Exemplars come after all samples, series (each once, its exemplars ascending) in the same order. */
  addExemplars(series: SeriesText, some: SeriesExemplars): void {
    for (let at = this.#rows.addExemplars(series, some, 0); at < some.exemplars.length;) {
      this.#flush();
      at = this.#rows.addExemplars(series, some, at);
    }
  }

  /** Hands the last rows over. */
  finish(): Written & { readonly rows: number } {
    this.#flush();
    this.#appender.flushSync();
    return this.#rows.written();
  }

  #flush(): void {
    if (this.#rows.waiting === 0) return;
    const chunk = chunkOf(types, this.#rows.waiting);
    this.#rows.fill(chunk);
    this.#appender.appendDataChunk(chunk);
  }
}
