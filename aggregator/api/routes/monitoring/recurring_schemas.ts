import { z } from "zod";
import { messageOf } from "#shared/errors.ts";
import { parseDuration } from "#shared/text/duration.ts";
import { createMatcher } from "../../../notify/routing/matcher.ts";
import { operatorOf } from "../alertmanager/silence_json.ts";
import { time } from "./schemas.ts";

const durationMaxMs = 72 * 3_600_000;
const day = z
  .int()
  .refine((value) => value !== 0 && Math.abs(value) <= 31, "expected 1 to 31, or -1 to -31");

const days = z.discriminatedUnion("every", [
  z.strictObject({ every: z.literal("day") }),
  z.strictObject({
    every: z.literal("week"),
    weekdays: z
      .array(z.int().min(1).max(7))
      .min(1)
      .max(7)
      .meta({ description: "1 for Monday to 7 for Sunday" }),
  }),
  z.strictObject({
    every: z.literal("month"),
    days: z
      .array(day)
      .min(1)
      .max(31)
      .meta({ description: "From 1; negative ones count from the end of the month" }),
  }),
]);
const matcher = z
  .strictObject({
    name: z.string().min(1),
    value: z.string(),
    isRegex: z.boolean(),
    isEqual: z.boolean(),
  })
  .superRefine((one, context) => {
    try {
      matcherOf(one);
    } catch (thrown) {
      context.addIssue({
        code: "custom",
        path: ["value"],
        message: messageOf(thrown),
        input: one.value,
        // The check of all matchers needs readable ones.
        continue: false,
      });
    }
  });
const matchers = z
  .array(matcher)
  .min(1)
  .max(50)
  .refine(
    (all) => all.some((one) => !matcherOf(one).test("")),
    "expected one matcher that does not match the empty string",
  );

/** Throws for a regular expression that cannot be read. */
export function matcherOf({ name, value, isRegex, isEqual }: z.output<typeof matcher>) {
  return createMatcher(name, operatorOf(isRegex, isEqual), value);
}

/** What people write of a recurring silence. */
export const RecurringBody = z.strictObject({
  id: z
    .string()
    .default("")
    .meta({ description: "Of the recurring silence to change; empty for a new one" }),
  days,
  at: z
    .string()
    .regex(/^(?:[01]\d|2[0-3]):[0-5]\d$/, "expected a time of the day such as 02:30")
    .meta({ description: "When a window begins, in local time of `timeZone`" }),
  duration: z
    .string()
    .refine((text) => {
      const ms = parseDuration(text) ?? 0;
      return ms >= 60_000 && ms <= durationMaxMs;
    }, "expected a duration of 1m to 72h")
    .meta({ examples: ["2h"] }),
  timeZone: z
    .string()
    .refine(isTimeZone, "expected an IANA name such as Europe/Berlin")
    .default("UTC"),
  until: time.nullable().default(null).meta({ description: "No window begins from then on" }),
  matchers,
  createdBy: z.string().min(1).max(200),
  comment: z.string().min(1).max(10_000),
});
export type RecurringBody = z.output<typeof RecurringBody>;

function isTimeZone(name: string): boolean {
  try {
    return Intl.DateTimeFormat("en", { timeZone: name }).resolvedOptions().timeZone !== "";
  } catch {
    return false;
  }
}

/** The longest span of a request for occurrences. */
export const spanMaxMs = 400 * 86_400_000;

export const RecurringParams = z.strictObject({
  from: time.optional().meta({ description: "Unix seconds or RFC 3339; now by default" }),
  to: time
    .optional()
    .meta({ description: "Unix seconds or RFC 3339; 31 days after `from` by default" }),
});

const span = z.object({ startsAt: z.string(), endsAt: z.string() });
export const RecurringAnswer = z.object({
  recurring: z.array(
    z.object({
      ...RecurringBody.shape,
      occurrences: z.array(span).meta({
        description:
          "Within the span; the first 400, fewer of each where there are more than 50 recurring silences",
      }),
    }),
  ),
});
export type RecurringAnswer = z.output<typeof RecurringAnswer>;

export const RecurringMade = z.object({ id: z.string() });
export const RecurringPath = z.strictObject({ id: z.string() });
