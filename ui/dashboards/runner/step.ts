import type { Window } from "../../state/time_range.ts";
import { durationOf, stepIn } from "../model/interval.ts";

/** How often samples come where nothing is known of them: finer steps than this show nothing more. */
export const scrapeIntervalMs = 15_000;
/** The aggregator refuses ranges of more points; a little below, for the points at both ends. */
const pointsAtMost = 10_900;

export type Interval = {
  /** What $__interval stands for, and the step of range queries. */
  readonly stepMs: number;
  /** What $__rate_interval stands for: at least four scrapes, so that a rate always has samples. */
  readonly rateMs: number;
};

/** The step of a query: the range divided into as many points as the panel has pixels, but none finer than `minMs`. */
export function intervalOf({ startMs, endMs }: Window, points: number, minMs: number): Interval {
  const spanMs = Math.max(1, endMs - startMs);
  const wanted = stepIn({ startMs, endMs: startMs + spanMs }, points, minMs);
  const safe = Math.ceil(spanMs / pointsAtMost / 1_000) * 1_000;
  const stepMs = Math.max(wanted, safe);
  return { stepMs, rateMs: Math.max(stepMs + minMs, 4 * minMs) };
}

/** "30s", and Grafana's ">30s" and bare seconds; undefined where it is none. */
export function stepMinOf(text: string | undefined): number | undefined {
  const plain = (text ?? "").replace(/^>=?/, "").trim();
  return durationOf(/^\d{1,9}$/.test(plain) ? `${plain}s` : plain);
}
