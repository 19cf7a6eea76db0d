import type { ColumnKind } from "#proto/columns/sql_rows.ts";

/** Files that a statement may read, and nothing else. */
export type SqlFiles = {
  readonly metrics: readonly string[];
  readonly logs: readonly string[];
  /** By the width of the buckets in milliseconds. */
  readonly tiers: readonly (readonly [number, readonly string[]])[];
};

export type SqlJob = {
  readonly sql: string;
  readonly files: SqlFiles;
  readonly rowsMax: number;
  /** Of the result, as it travels. */
  readonly resultBytesMax: number;
  /** Of DuckDB; the process has a limit of its own. */
  readonly memoryBytes: number;
  readonly threads: number;
};

export type SqlColumn = { readonly name: string; readonly type: string; readonly kind: ColumnKind };
