import type { Labels } from "#shared/model/labels.ts";

/** A log record as a sender gives it; times are Unix nanoseconds. */
export type PushedRecord = {
  readonly unixNanos: bigint;
  readonly severity: number;
  readonly body: Uint8Array;
  readonly attributes: Labels | undefined;
};
