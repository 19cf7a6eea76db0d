import { expect, test } from "bun:test";
import { createMatcher } from "../routing/matcher.ts";
import { type Recurrence, type RecurrenceDays, occurrencesIn } from "./recurrence.ts";

const hourMs = 3_600_000;

function recurrence(days: RecurrenceDays, part: Partial<Recurrence> = {}): Recurrence {
  return {
    id: "r",
    days,
    startMinute: 150,
    durationMs: hourMs,
    timeZone: "UTC",
    untilMs: undefined,
    matchers: [createMatcher("a", "=", "b")],
    createdBy: "ada",
    comment: "",
    updatedAtMs: 0,
    madeMs: undefined,
    ...part,
  };
}

function starts(one: Recurrence, from: string, to: string): string[] {
  const span = { startMs: Date.parse(from), endMs: Date.parse(to) };
  return occurrencesIn(one, span).map(({ startMs }) => new Date(startMs).toISOString());
}

const sundays: RecurrenceDays = { every: "week", weekdays: [7] };

test("a weekly one begins at its time on its weekdays", () => {
  const both = recurrence({ every: "week", weekdays: [1, 7] });
  expect(starts(both, "2026-11-20T00:00Z", "2026-11-30T00:00Z")).toEqual([
    "2026-11-22T02:30:00.000Z",
    "2026-11-23T02:30:00.000Z",
    "2026-11-29T02:30:00.000Z",
  ]);
});

test("an occurrence that lasts into a span is in it, one that ends at its start is not", () => {
  const long = recurrence(sundays, { durationMs: 30 * hourMs });
  expect(starts(long, "2026-11-23T08:29Z", "2026-11-24T00:00Z")).toHaveLength(1);
  expect(starts(long, "2026-11-23T08:30Z", "2026-11-24T00:00Z")).toEqual([]);
});

test("a daily one begins every day", () => {
  expect(starts(recurrence({ every: "day" }), "2026-11-22T03:30Z", "2026-11-24T02:31Z")).toEqual([
    "2026-11-23T02:30:00.000Z",
    "2026-11-24T02:30:00.000Z",
  ]);
});

test("a monthly one counts days from the end, and skips months without its day", () => {
  const ends = recurrence({ every: "month", days: [-1, 30] });
  expect(starts(ends, "2026-01-30T00:00Z", "2026-04-01T00:00Z")).toEqual([
    "2026-01-30T02:30:00.000Z",
    "2026-01-31T02:30:00.000Z",
    "2026-02-28T02:30:00.000Z",
    "2026-03-30T02:30:00.000Z",
    "2026-03-31T02:30:00.000Z",
  ]);
});

test.each([
  // Clocks go from 02:00 to 03:00, and from 03:00 back to 02:00.
  ["Europe/Berlin", "2026-03-22", "2026-03-22T01:30:00.000Z"],
  ["Europe/Berlin", "2026-03-29", "2026-03-29T01:00:00.000Z"],
  ["Europe/Berlin", "2026-10-25", "2026-10-25T00:30:00.000Z"],
  ["Australia/Lord_Howe", "2026-10-04", "2026-10-03T15:30:00.000Z"],
  ["Asia/Kathmandu", "2026-10-04", "2026-10-03T20:45:00.000Z"],
  ["America/Sao_Paulo", "2026-10-04", "2026-10-04T05:30:00.000Z"],
])("in %s it begins on %s at %s", (timeZone, day, start) => {
  const noon = Date.parse(`${day}T12:00Z`);
  const span = { startMs: noon - 30 * hourMs, endMs: noon + 10 * hourMs };
  const found = occurrencesIn(recurrence(sundays, { timeZone }), span);
  expect(found.map(({ startMs }) => new Date(startMs).toISOString())).toEqual([start]);
  expect(found[0]?.endMs).toBe(Date.parse(start) + hourMs);
});

test("no occurrence begins from `until` on", () => {
  const untilMs = Date.parse("2026-11-29T02:30Z");
  const one = recurrence(sundays, { untilMs });
  expect(starts(one, "2026-11-20T00:00Z", "2026-12-30T00:00Z")).toEqual([
    "2026-11-22T02:30:00.000Z",
  ]);
});
