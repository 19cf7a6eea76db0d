import type { Labels } from "#shared/model/labels.ts";
import type { Route } from "../routing/route.ts";
import { type TimeInterval, containsTime } from "../routing/time_interval.ts";

export type SuppressedReason =
  | "inhibition"
  | "active_time_interval"
  | "mute_time_interval"
  | "silence";

/** Which silences hide an alert. */
export type Silencer = {
  /** Their ids; empty where none does. */
  readonly silencesOf: (labels: Labels, nowMs: number) => readonly string[];
};

/** Why a route is muted at a time: the names of intervals, and which kind of list they stand in; undefined where it is not. */
export function mutedAt(
  { activeTimeIntervals, muteTimeIntervals }: Route,
  intervals: ReadonlyMap<string, readonly TimeInterval[]>,
  nowMs: number,
): { readonly reason: SuppressedReason; readonly by: readonly string[] } | undefined {
  const holds = (name: string) =>
    (intervals.get(name) ?? []).some((interval) => containsTime(interval, nowMs));
  if (activeTimeIntervals.length > 0 && !activeTimeIntervals.some(holds))
    return { reason: "active_time_interval", by: activeTimeIntervals };
  const by = muteTimeIntervals.filter(holds);
  return by.length === 0 ? undefined : { reason: "mute_time_interval", by };
}
