import { z } from "zod";
import { NotificationsOfBacktest, episode, episodesMax } from "./backtest_schemas.ts";
import { time } from "../schemas.ts";

const text = z.string().min(1).max(1_000_000);

/** A changed set of rules, a changed routing, or both. */
export const RuleSetBody = z
  .strictObject({
    rules: text.optional().meta({
      description: "Groups as a file of rules has them; the groups in force by default",
    }),
    routing: text.optional().meta({
      description: "Alertmanager's configuration file; the one in force by default",
    }),
    start: time
      .optional()
      .meta({ description: "Unix seconds or RFC 3339; a day before `end` by default" }),
    end: time.optional().meta({ description: "Unix seconds or RFC 3339; now by default" }),
  })
  .refine(({ rules, routing }) => rules !== undefined || routing !== undefined, {
    error: "expected `rules`, `routing`, or both",
  });
export type RuleSetBody = z.output<typeof RuleSetBody>;

const side = z.object({
  rules: z.array(
    z.object({
      group: z.string(),
      name: z.string(),
      fired: z.number(),
      pending: z.number(),
      firingSeconds: z.number(),
      failure: z.string().meta({ description: "Why it was not tried; empty where it was" }),
    }),
  ),
  fired: z.number(),
  episodes: z
    .array(z.object({ group: z.string(), ...episode }))
    .meta({ description: `The first ${episodesMax} that would have fired` }),
  notifications: NotificationsOfBacktest,
});

export const RuleSetAnswer = z.object({
  start: z.string().meta({ description: "RFC 3339" }),
  end: z.string(),
  evaluations: z.number().meta({ description: "Of all rules, each rule counted once" }),
  proposed: side,
  today: side.meta({
    description:
      "What the groups in force of the same names would have done, by the routing in force",
  }),
});
export type RuleSetAnswer = z.output<typeof RuleSetAnswer>;
