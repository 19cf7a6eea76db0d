import { averageDistance } from "#shared/model/metrics.ts";
import { type Window, timeAt } from "../model/window.ts";

/**
 * What start timestamps tell of counters (promql/functions.go of Prometheus): a sample that counts since a time after the one before
 * it follows a reset, even where its value is higher; and one that counts since a time within a window was 0 then, so that
 * nothing need be guessed of what was before it.
 */

/** When the first sample of a window began to count, if that was within the window; Unix milliseconds. */
export function beganWithin(window: Window): number | undefined {
  const startMs = window.starts?.[window.from] ?? 0;
  if (startMs === 0 || startMs <= window.startMs || startMs >= timeAt(window, window.from))
    return undefined;
  return startMs;
}

/** Whether a sample counts anew since the one before it. */
export function startsAgain(window: Window, at: number): boolean {
  const startMs = window.starts?.[at] ?? 0;
  // A start at or after the sample itself is wrong, or OpenTelemetry's way to say that it is not known.
  if (startMs === 0 || startMs >= timeAt(window, at)) return false;
  const previousMs = timeAt(window, at - 1);
  if (startMs !== previousMs) return startMs > previousMs;
  // At the sample before: one of a row of differences, or a total of unknown start, whose own start that sample is.
  const previousStartMs = window.starts?.[at - 1] ?? 0;
  return previousStartMs !== 0 && previousStartMs < previousMs;
}

/** Counts a window with a sample that counts since before the sample before it, though that one counts since another time. */
export function noteOverlap(window: Window): void {
  const { starts } = window;
  for (let i = window.from + 1; i < window.to; i++) {
    const startMs = starts?.[i] ?? 0;
    if (startMs === 0 || startMs >= timeAt(window, i - 1) || startMs === starts?.[i - 1]) continue;
    window.overlaps++;
    return;
  }
}

/** By how much an increase since `beganMs` is to be stretched to the end of its window; extrapolation() tells how near that must be. */
export function extrapolationFrom(window: Window, beganMs: number): number {
  const { from, to, timestampsMs, fine } = window;
  const lastMs = timeAt(window, to - 1);
  const average = to - from > 1 ? averageDistance(timestampsMs, fine, from, to) : 0;
  const toEnd = (window.endMs - lastMs) / 1_000;
  const sampled = (lastMs - beganMs) / 1_000;
  return (sampled + (toEnd >= average * 1.1 ? average / 2 : toEnd)) / sampled;
}
