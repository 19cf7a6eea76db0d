import { expect, test } from "bun:test";
import { silenceEnds, snoozeEnds } from "./silence_ends.ts";

const zone = "Europe/Berlin";

function ends(now: string): readonly (readonly [string, string])[] {
  return snoozeEnds(Date.parse(now), zone).map(({ label, endsMs }) => [
    label,
    new Date(endsMs).toISOString().slice(0, 16),
  ]);
}

test("a snooze by night may end this morning", () => {
  expect(ends("2026-11-25T02:10:00Z")).toEqual([
    ["1 hour", "2026-11-25T03:10"],
    ["4 hours", "2026-11-25T06:10"],
    ["until today 9:00", "2026-11-25T08:00"],
    ["until tomorrow 9:00", "2026-11-26T08:00"],
  ]);
});

test("a snooze on a Friday or Saturday may last until Monday, over a change of the clocks", () => {
  expect(ends("2026-10-23T12:00:00Z").slice(2)).toEqual([
    ["until tomorrow 9:00", "2026-10-24T07:00"],
    ["until Monday 9:00", "2026-10-26T08:00"],
  ]);
  expect(ends("2026-10-24T12:00:00Z").at(-1)).toEqual(["until Monday 9:00", "2026-10-26T08:00"]);
  expect(ends("2026-10-25T12:00:00Z").map(([label]) => label)).not.toContain("until Monday 9:00");
});

test("a silence that starts later has lengths only", () => {
  const startsMs = Date.parse("2026-11-25T02:10:00Z");
  const later = silenceEnds(startsMs, false, zone);
  expect(later.map(({ value }) => value)).toEqual(["1h", "4h", "12h", "1d", "3d", "1w", "30d"]);
  expect(later.at(-1)?.endsMs).toBe(startsMs + 30 * 86_400_000);
  expect(silenceEnds(startsMs, true, zone).map(({ value }) => value)).toContain("today");
});
