import { addDays, addHours, addMinutes, getHours, getISODay, startOfDay } from "date-fns";
import { dateIn } from "../../../units/time_zones.ts";

/** A choice of how long something is silenced. `endsMs` is Unix milliseconds. */
export type SilenceEnd = {
  readonly value: string;
  readonly label: string;
  readonly endsMs: number;
};

const morningHour = 9;
/** By ISO, from 1 for Monday. */
const [friday, saturday] = [5, 6];

/** What an alert is snoozed for with one click. Mornings are those of the page's time zone. */
export function snoozeEnds(nowMs: number, zone: string): readonly SilenceEnd[] {
  const now = dateIn(nowMs, zone);
  const morning = (days: number): number =>
    addHours(startOfDay(addDays(now, days)), morningHour).getTime();
  const at = `${morningHour}:00`;
  const weekday = getISODay(now);
  const toMonday = 8 - weekday;
  return [
    { value: "1h", label: "1 hour", endsMs: addMinutes(now, 60).getTime() },
    { value: "4h", label: "4 hours", endsMs: addMinutes(now, 240).getTime() },
    ...(getHours(now) < morningHour
      ? [{ value: "today", label: `until today ${at}`, endsMs: morning(0) }]
      : []),
    { value: "tomorrow", label: `until tomorrow ${at}`, endsMs: morning(1) },
    // On a Friday and a Saturday, tomorrow is no working day.
    ...(weekday === friday || weekday === saturday
      ? [{ value: "monday", label: `until Monday ${at}`, endsMs: morning(toMonday) }]
      : []),
  ];
}

const longer = [
  ["12h", "12 hours", 12],
  ["1d", "1 day", 24],
  ["3d", "3 days", 72],
  ["1w", "1 week", 168],
  ["30d", "30 days", 720],
] as const;

/** What a form offers: lengths from the start, and the mornings of a snooze where it starts now. */
export function silenceEnds(
  startsMs: number,
  startsNow: boolean,
  zone: string,
): readonly SilenceEnd[] {
  const short = snoozeEnds(startsMs, zone).filter(
    ({ value }) => startsNow || ["1h", "4h"].includes(value),
  );
  return [
    ...short,
    ...longer.map(([value, label, hours]) => ({
      value,
      label,
      endsMs: startsMs + hours * 3_600_000,
    })),
  ];
}
