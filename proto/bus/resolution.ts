import { z } from "zod";
import { duration } from "#shared/text/duration.ts";

/** Who asks for samples as they were collected: a series that left its band, a person, an alert of the aggregator, a rule of the agent. */
export const resolutionReasons = ["band", "request", "alert", "rule"] as const;
export type ResolutionReason = (typeof resolutionReasons)[number];

/** An order to an agent to ship samples finely. */
export type ResolutionOrder = {
  readonly reason: ResolutionReason;
  /** Selectors of series; empty: all that the agent holds. */
  readonly match: readonly string[];
  /** From so long ago, until so long from now, by the agent's clock. */
  readonly beforeMs: number;
  readonly afterMs: number;
  /** Or between these, in Unix milliseconds; what is given here wins. */
  readonly fromMs?: number | undefined;
  readonly toMs?: number | undefined;
};

/** What became of it. */
export type ResolutionAnswer = {
  /** What the range came to, by what the agent holds. Unix milliseconds. */
  readonly fromMs: number;
  readonly toMs: number;
  /** Of those that are shipped by now; a range that ends later is shipped as it comes. */
  readonly series: number;
  readonly samples: number;
  /** Whether a bound has cut it short. */
  readonly isCut: boolean;
};

const selectorsMax = 20;
const rangeMaxMs = 7_200_000;
/**
 * The body of a request, by people or programs: times in Unix seconds, durations as in the configuration. Made when it is needed: agents are seldom
 * asked.
 */
export function resolutionRequest() {
  const unixSeconds = z.number().positive().max(1e11).optional();
  const range = duration.refine((ms) => ms <= rangeMaxMs, "must be 2h or less");
  return z
    .strictObject({
      /** Selectors of series. */
      match: z.array(z.string().min(1).max(1_024)).max(selectorsMax).default([]),
      /** From now. */
      before: range.prefault("5m"),
      after: range.prefault("0s"),
      /** Instead of them. */
      start: unixSeconds,
      end: unixSeconds,
      reason: z.enum(["request", "alert"]).default("request"),
    })
    .refine(({ start, end }) => start === undefined || end === undefined || start < end, {
      path: ["end"],
      message: "must be after start",
    })
    .transform(({ match, before, after, start, end, reason }): ResolutionOrder => ({
      match,
      reason,
      beforeMs: before,
      afterMs: after,
      fromMs: start === undefined ? undefined : Math.round(start * 1_000),
      toMs: end === undefined ? undefined : Math.round(end * 1_000),
    }));
}
