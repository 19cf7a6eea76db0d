import { z } from "zod";
import { duration } from "#shared/text/duration.ts";

const positive = (text: string) =>
  duration.refine((ms) => ms >= 1_000, "expected 1s or more").prefault(text);

/** `rules.unknown` of lapwing.yaml: what rules do while agents behind their data are silent or late. */
export const UnknownConfig = z.strictObject({
  /** false: as in Prometheus, a series without new samples has ended. */
  enabled: z.boolean().default(true),
  /** Names of rules for which the opposite counts. */
  except: z.array(z.string().min(1)).default([]),
  /** An agent is late when it has newer data than those that arrived, by more than this. `fleet.silent_after` says when it is silent. */
  late_after: positive("1m"),
  /** An agent that is missing for longer is gone for good: its alerts resolve as in Prometheus. */
  give_up_after: positive("1h"),
});
export type UnknownConfig = z.output<typeof UnknownConfig>;
