import type { ColumnKind } from "#proto/columns/sql_rows.ts";
import type { ViewSpan } from "../views.ts";

/** Files that a statement may read, and nothing else. */
export type SqlFiles = {
  readonly metrics: readonly string[];
  readonly logs: readonly string[];
  /** By the width of the buckets in milliseconds. */
  readonly tiers: readonly (readonly [number, readonly string[]])[];
};

export type ViewSpans = {
  readonly metrics: ViewSpan;
  readonly metrics_tiers: ViewSpan;
  readonly logs: ViewSpan;
};

export type SqlJob = {
  readonly sql: string;
  /** The time at which the clock of the statement stands; without it, it is the machine's. */
  readonly timeMs?: number;
  /** The statement is planned and not run: the answer is one text, DuckDB's plan as JSON. */
  readonly isPlan?: boolean;
  /** What the views show; everything without it. */
  readonly spans?: ViewSpans;
  readonly files: SqlFiles;
  readonly rowsMax: number;
  /** Of the result, as it travels. */
  readonly resultBytesMax: number;
  /** Of DuckDB; the process has a limit of its own. */
  readonly memoryBytes: number;
  readonly threads: number;
};

export type SqlColumn = { readonly name: string; readonly type: string; readonly kind: ColumnKind };
