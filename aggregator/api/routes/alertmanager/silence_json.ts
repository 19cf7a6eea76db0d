import { z } from "zod";
import { OperatingError } from "#shared/errors.ts";
import {
  type AlertMatcher,
  type MatcherOperator,
  createMatcher,
} from "../../../notify/routing/matcher.ts";
import { type Silence, type SilenceState, stateOf } from "../../../notify/silences/silence.ts";
import type { PostedSilence } from "../../../notify/silences/silence_book.ts";
import { Time, timeText } from "./alert_json.ts";

/** `gettableSilence` of Alertmanager's API v2. */
export function silenceJson(silence: Silence, nowMs: number) {
  return {
    id: silence.id,
    status: { state: stateOf(silence, nowMs) },
    updatedAt: timeText(silence.updatedAtMs),
    annotations: silence.annotations,
    comment: silence.comment,
    createdBy: silence.createdBy,
    endsAt: timeText(silence.endsAtMs),
    matchers: silence.matchers.map(matcherJson),
    startsAt: timeText(silence.startsAtMs),
  };
}

export function matcherJson({ name, operator, value }: AlertMatcher) {
  const isEqual = operator === "=" || operator === "=~";
  return { isEqual, isRegex: operator.endsWith("~"), name, value };
}

const stateOrder: Readonly<Record<SilenceState, number>> = { active: 1, pending: 2, expired: 3 };

/** Active ones by their end, then pending ones by their start, then expired ones, the last one first. */
export function sortedSilences(silences: readonly Silence[], nowMs: number): Silence[] {
  const keyed = silences.map((silence) => ({ silence, state: stateOf(silence, nowMs) }));
  const timeOf = ({ silence, state }: (typeof keyed)[number]) =>
    ({
      active: silence.endsAtMs,
      pending: silence.startsAtMs,
      expired: -silence.endsAtMs,
    })[state];
  return keyed
    .toSorted((a, b) => stateOrder[a.state] - stateOrder[b.state] || timeOf(a) - timeOf(b))
    .map(({ silence }) => silence);
}

/** Whether a silence has all these matchers, written in the same way. */
export function hasMatchers(silence: Silence, wanted: readonly AlertMatcher[]): boolean {
  return wanted.every((one) =>
    silence.matchers.some(
      ({ name, operator, value }) =>
        name === one.name && operator === one.operator && value === one.value,
    ),
  );
}

const Posted = z.object({
  id: z.string().nullish(),
  matchers: z.array(
    z.object({
      name: z.string(),
      value: z.string(),
      isRegex: z.boolean(),
      isEqual: z.boolean().nullish(),
    }),
  ),
  startsAt: Time,
  endsAt: Time,
  createdBy: z.string(),
  comment: z.string(),
  annotations: z.record(z.string(), z.string()).nullish(),
});

/** `postableSilence`. Throws OperatingError("bad_request"). */
export function postedSilence(value: unknown, nowMs: number): PostedSilence {
  const parsed = Posted.safeParse(value);
  if (!parsed.success) throw bad(z.prettifyError(parsed.error).replaceAll("\n", " "));
  const { id, matchers, startsAt, endsAt, createdBy, comment, annotations } = parsed.data;
  const startsAtMs = startsAt ?? nowMs;
  if (endsAt === undefined || startsAtMs >= endsAt)
    throw bad("Failed to create silence: start time must be before end time");
  if (endsAt < nowMs) throw bad("Failed to create silence: end time can't be in the past");
  return {
    id: id ?? "",
    matchers: matchers.map(({ name, value: own, isRegex, isEqual }) =>
      createMatcher(name, operatorOf(isRegex, isEqual ?? true), own),
    ),
    startsAtMs,
    endsAtMs: endsAt,
    createdBy,
    comment,
    annotations: annotations ?? {},
  };
}

export function operatorOf(isRegex: boolean, isEqual: boolean): MatcherOperator {
  if (isRegex) return isEqual ? "=~" : "!~";
  return isEqual ? "=" : "!=";
}

function bad(message: string): OperatingError {
  return new OperatingError("bad_request", message);
}
