import type { Labels } from "#shared/model/labels.ts";
import { type AlertMatcher, matchesAll } from "../routing/matcher.ts";

export type SilenceState = "active" | "pending" | "expired";

/** Hides alerts that match for a time. Times are Unix milliseconds. */
export type Silence = {
  readonly id: string;
  readonly matchers: readonly AlertMatcher[];
  readonly startsAtMs: number;
  readonly endsAtMs: number;
  readonly updatedAtMs: number;
  readonly createdBy: string;
  readonly comment: string;
  readonly annotations: Labels;
};

/** It begins with its start, and is over at its end. */
export function stateOf({ startsAtMs, endsAtMs }: Silence, nowMs: number): SilenceState {
  if (nowMs < startsAtMs) return "pending";
  return nowMs >= endsAtMs ? "expired" : "active";
}

export function silences(silence: Silence, labels: Labels): boolean {
  return matchesAll(silence.matchers, labels);
}
