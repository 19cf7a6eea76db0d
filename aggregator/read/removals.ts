import type { Signal } from "#shared/signals.ts";

/** A request to delete items of a signal, as it stands. */
export type DeletionRequest = {
  readonly id: string;
  readonly signal: Signal;
  readonly tenant: string;
  /** As it was asked for. */
  readonly query: string;
  /** Unix milliseconds, both inclusive. */
  readonly startMs: number;
  readonly endMs: number;
  readonly createdMs: number;
  readonly actor: string;
  readonly status: DeletionStatus;
  /** Items taken out of files so far; buckets of tiers do not count. */
  readonly removed: number;
  /** Why it is not applied: its query can't be read any more. */
  readonly fault?: string;
};

/**
 * received: hidden from queries, still in all files, and can be taken back. started: out of some files, or about to be. processed: out of
 * all files.
 */
export const deletionStatuses = ["received", "started", "processed"] as const;
export type DeletionStatus = (typeof deletionStatuses)[number];

/** Why stored items are in no block any more. */
export const removalReasons = [
  /** A user asked for it. */
  "deleted",
  /** They are older than what is kept. */
  "retention",
  /** Samples that are older than samples as collected are kept; a tier has what remains of them. */
  "downsampled",
  /** Another block has a sample of the same series and time, which was committed before. */
  "duplicate",
  /** Their block was damaged, and a person gave it up. */
  "lost",
] as const;
export type RemovalReason = (typeof removalReasons)[number];

/** Items that left the blocks for good, counted in the transaction that removes them. */
export type Removal = {
  readonly tenant: string;
  readonly signal: Signal;
  readonly reason: RemovalReason;
  readonly items: number;
  /** The request that they were deleted by. */
  readonly deletion?: string;
};

/** How many items of a tenant left the blocks, by signal and reason. */
export type RemovedItems = Pick<Removal, "signal" | "reason" | "items">;
