import type { Written } from "./written.ts";
import type { CollectedSeries } from "../series/collected_series.ts";
import type { SeriesName } from "../series/series_index.ts";

/** A Parquet file that is whole and local, and not yet anybody's. */
export type LocalFile = Written & {
  readonly path: string;
  readonly rows: number;
  readonly bytes: number;
  /** Of metrics: the series that have samples in it, where the writer knows them. */
  readonly series?: readonly SeriesName[] | CollectedSeries;
};
