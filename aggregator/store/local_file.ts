import type { Written } from "./metrics_rows.ts";

/** A Parquet file that is whole and local, and not yet anybody's. */
export type LocalFile = Written & {
  readonly path: string;
  readonly rows: number;
  readonly bytes: number;
};
