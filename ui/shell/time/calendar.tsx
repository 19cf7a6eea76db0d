import { useState } from "react";
import { DayPicker, type DateRange } from "react-day-picker";
import { formatDateTime } from "../../units/format.ts";
import { dateIn, zoneName } from "../../units/time_zones.ts";
import { parseMoment } from "../../state/moment.ts";
import type { TimeRange } from "../../state/time_range.ts";

type Props = {
  readonly draft: TimeRange;
  readonly zone: string;
  readonly onChange: (draft: TimeRange) => void;
};

/** Two clicks choose the days from and to, whole days in the zone. */
// React.lazy asks for a default export.
export default function Calendar({ draft, zone, onChange }: Props) {
  // Between the first click and the second there is a day from, and none to.
  const [picked, setPicked] = useState<DateRange | undefined>(undefined);
  const nowMs = Date.now();
  const fromMs = parseMoment(draft.from, nowMs, "from", zone);
  const toMs = parseMoment(draft.to, nowMs, "to", zone);
  const selected =
    fromMs === undefined
      ? undefined
      : { from: dateIn(fromMs, zone), to: toMs === undefined ? undefined : dateIn(toMs, zone) };
  return (
    <DayPicker
      mode="range"
      className="calendar"
      timeZone={zoneName(zone)}
      weekStartsOn={1}
      labels={{ labelDayButton: dayWords }}
      {...(toMs !== undefined && { defaultMonth: dateIn(toMs, zone) })}
      selected={picked ?? selected}
      resetOnSelect
      onSelect={(range) => {
        if (range?.from === undefined) return;
        setPicked(range);
        const to = range.to ?? range.from;
        onChange({
          from: `${day(range.from, zone)} 00:00:00`,
          to: `${day(to, zone)} 23:59:59`,
        });
      }}
    />
  );
}

/** Beginning with the figure on the button, as those who say what they see expect. */
function dayWords(date: Date): string {
  const month = date.toLocaleString("en", { month: "long" });
  return `${date.getDate()} ${month} ${date.getFullYear()}`;
}

function day(date: Date, zone: string): string {
  return formatDateTime(date.getTime(), zone).slice(0, 10);
}
