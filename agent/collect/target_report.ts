import type { SeriesLimitReport } from "#shared/cardinality/series_limit.ts";
import type { Labels } from "#shared/model/labels.ts";

/** What people are shown of a target; mirrors TargetState of proto/v1/control.proto. No credentials in it. */
export type TargetReport = {
  readonly pool: string;
  readonly url: string;
  readonly labels: Labels;
  readonly discoveredLabels: Labels;
  /** unknown: not scraped yet. dropped: relabelling, or a mistake that lastError names, left it out. */
  readonly health: "up" | "down" | "unknown" | "dropped";
  /** Empty when all is well. */
  readonly lastError: string;
  /** Unix milliseconds, 0 before the first scrape. */
  readonly lastScrapeMs: number;
  readonly lastDurationSeconds: number;
  readonly intervalMs: number;
  readonly timeoutMs: number;
  /** Samples of the last scrape, before relabelling. */
  readonly samples: number;
  /** Absent where the target has no limit. */
  readonly seriesLimit?: SeriesLimitReport;
};
