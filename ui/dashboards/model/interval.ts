import { parseDuration } from "#shared/text/duration.ts";
import type { Window } from "../../state/time_range.ts";

/** From these milliseconds on the next round step, as Grafana rounds: [below this, is that]. */
const steps: readonly (readonly [number, number])[] = [
  [10, 1],
  [15, 10],
  [35, 20],
  [75, 50],
  [150, 100],
  [350, 200],
  [750, 500],
  [1_500, 1_000],
  [3_500, 2_000],
  [7_500, 5_000],
  [12_500, 10_000],
  [17_500, 15_000],
  [25_000, 20_000],
  [45_000, 30_000],
  [90_000, 60_000],
  [210_000, 120_000],
  [450_000, 300_000],
  [750_000, 600_000],
  [1_050_000, 900_000],
  [1_500_000, 1_200_000],
  [2_700_000, 1_800_000],
  [5_400_000, 3_600_000],
  [9_000_000, 7_200_000],
  [16_200_000, 10_800_000],
  [32_400_000, 21_600_000],
  [86_400_000, 43_200_000],
  [604_800_000, 86_400_000],
  [1_814_400_000, 604_800_000],
  [3_628_800_000, 2_592_000_000],
];

/** A step that is a round number, near `ms`. */
export function roundedStep(ms: number): number {
  return steps.find(([below]) => ms < below)?.[1] ?? 31_536_000_000;
}

/** The step for a range drawn in so many points, and of at least `minMs`. */
export function stepIn({ startMs, endMs }: Window, pointsMax: number, minMs: number): number {
  const wanted = roundedStep((endMs - startMs) / Math.max(1, pointsMax));
  return Math.max(wanted, minMs);
}

/** Milliseconds of a duration as dashboards write it: "15s", ">15s", "1m30s"; undefined where it is none. */
export function durationOf(text: string): number | undefined {
  const ms = parseDuration(text.trim().replace(/^>\s*=?\s*/, ""));
  return ms === undefined || ms <= 0 ? undefined : ms;
}
