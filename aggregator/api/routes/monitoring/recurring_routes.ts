import { Hono } from "hono";
import { assertNever } from "#shared/assert.ts";
import { isTurnOver, nextTurn } from "#shared/async/turns.ts";
import { OperatingError } from "#shared/errors.ts";
import { formatDuration, parseDuration } from "#shared/text/duration.ts";
import type { Clock } from "#shared/runtime/clock.ts";
import type { Alertmanager } from "../../../notify/alertmanager.ts";
import {
  type Occurrence,
  type Recurrence,
  type RecurrenceDays,
  occurrencesIn,
} from "../../../notify/silences/recurrence.ts";
import type { PostedRecurrence } from "../../../notify/silences/recurring_silences.ts";
import { matcherJson } from "../alertmanager/silence_json.ts";
import { jsonAnswers } from "./alert_routes.ts";
import { checkedParams, jsonBody } from "./checked_params.ts";
import {
  type RecurringAnswer,
  RecurringBody,
  RecurringParams,
  matcherOf,
  spanMaxMs,
} from "./recurring_schemas.ts";
import { refusal } from "./routes.ts";
import { timeMsOf } from "./schemas.ts";

const path = "/api/v1/monitoring/silences/recurring";
/** Of one recurring silence, and of all in one answer. */
const [occurrencesMax, occurrencesAllMax] = [400, 20_000];
const spanMs = 31 * 86_400_000;

export type RecurringParts = {
  readonly alertmanager: Pick<Alertmanager, "recurring">;
  readonly clock: Clock;
};

/** Recurring silences. Their occurrences are ordinary silences of API v2. */
export function recurringRoutes({ alertmanager: { recurring }, clock }: RecurringParts): Hono {
  const app = new Hono();
  const answers = jsonAnswers(app, refusal);
  answers("GET", path, async (c): Promise<RecurringAnswer> => {
    const { from, to } = checkedParams(c, RecurringParams);
    const startMs = timeMsOf(from ?? "") ?? clock.now();
    const endMs = timeMsOf(to ?? "") ?? startMs + spanMs;
    if (!(startMs < endMs) || endMs - startMs > spanMaxMs)
      throw new OperatingError(
        "bad_request",
        `to ${JSON.stringify(to)}: expected a time after ${timeText(startMs)} and within 400 days of it`,
      );
    const found: RecurringAnswer["recurring"] = [];
    const all = [...recurring.all()];
    const most = Math.min(occurrencesMax, Math.floor(occurrencesAllMax / all.length));
    for (const one of all) {
      if (isTurnOver()) await nextTurn();
      found.push(answerOf(one, occurrencesIn(one, { startMs, endMs }).slice(0, most)));
    }
    return { recurring: found };
  });
  answers("POST", path, async (c) => {
    const body = await jsonBody(c, RecurringBody);
    return { id: await recurring.set(postedOf(body)) };
  });
  answers("DELETE", `${path}/:id`, async (c) => {
    const id = c.req.param("id") ?? "";
    await recurring.remove(id);
    return { deleted: id };
  });
  return app;
}

function postedOf({ at, duration, until, matchers, ...rest }: RecurringBody): PostedRecurrence {
  const [hours = 0, minutes = 0] = at.split(":").map(Number);
  return {
    ...rest,
    matchers: matchers.map(matcherOf),
    startMinute: hours * 60 + minutes,
    durationMs: parseDuration(duration) ?? 0,
    untilMs: until === null ? undefined : timeMsOf(until),
  };
}

function answerOf(
  recurrence: Recurrence,
  occurrences: readonly Occurrence[],
): RecurringAnswer["recurring"][number] {
  const { id, days, startMinute, durationMs, timeZone, untilMs, createdBy, comment } = recurrence;
  return {
    id,
    days: daysJson(days),
    at: clockText(startMinute),
    duration: formatDuration(durationMs),
    timeZone,
    until: untilMs === undefined ? null : timeText(untilMs),
    matchers: recurrence.matchers.map(matcherJson),
    createdBy,
    comment,
    occurrences: occurrences.map(({ startMs, endMs }) => ({
      startsAt: timeText(startMs),
      endsAt: timeText(endMs),
    })),
  };
}

function daysJson(days: RecurrenceDays): RecurringBody["days"] {
  switch (days.every) {
    case "day":
      return { every: "day" };
    case "week":
      return { every: "week", weekdays: [...days.weekdays] };
    case "month":
      return { every: "month", days: [...days.days] };
    default:
      return assertNever(days);
  }
}

/** "02:30" */
function clockText(minute: number): string {
  const parts = [Math.floor(minute / 60), minute % 60];
  return parts.map((part) => String(part).padStart(2, "0")).join(":");
}

function timeText(ms: number): string {
  return new Date(ms).toISOString();
}
