import type { Labels } from "#shared/model/labels.ts";

/** Signals whose data agents send and rules read. */
export const fedSignals = ["metrics", "logs"] as const;
export type FedSignal = (typeof fedSignals)[number];

/** An agent whose newest data have not arrived. Times are Unix milliseconds. */
export type MissingAgent = {
  readonly agent: string;
  /** As people know it. */
  readonly name: string;
  /** silent: no heartbeat. late: it has newer data than those that arrived. */
  readonly reason: "silent" | "late";
  /** Until when its data are here. */
  readonly sinceMs: number;
  /** Signals whose data are missing. */
  readonly signals: readonly FedSignal[];
};

/** The series and streams that an agent has sent lately. */
export type AgentFeed = {
  /** Differs where the series differ. */
  readonly revision: number;
  /** Resolves when `metric()` knows all series. */
  index(): Promise<void>;
  /** Series of a metric. */
  metric(name: string): readonly Labels[];
  metrics(): Iterable<Labels>;
  streams(): Iterable<Labels>;
};
