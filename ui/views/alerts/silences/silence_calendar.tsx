import { useMemo, useState } from "react";
import { IconButton, Button } from "../../../elements/buttons.tsx";
import { Icon } from "../../../elements/icon.tsx";
import { useRecurring, useSilences } from "../../../queries/alerts.ts";
import { usePageRange, useSearchChange } from "../../../state/page_range.ts";
import { useNow } from "../../../state/media.ts";
import { dateText } from "../../../units/date_text.ts";
import { Picture, RefreshCorner, Skeleton } from "../../../widgets/picture.tsx";
import { type CalendarDay, calendarDays, entriesOn } from "./calendar_days.ts";
import { calendarEntries, type SilenceEntry } from "./calendar_entries.ts";
import { weekdayNames } from "./recurrence_words.ts";

/** Entries that a day names; the others are counted. */
const namedMax = 3;
const minuteMs = 60_000;

/** A month of silences: ended ones, those in force, planned ones, and windows of recurring ones. */
export function SilenceCalendar() {
  const { intervalMs, timeZone } = usePageRange();
  const nowMs = useNow(minuteMs);
  const [monthsOn, setMonthsOn] = useState(0);
  const [chosen, setChosen] = useState<number>();
  const days = useMemo(() => calendarDays(monthsOn, nowMs, timeZone), [monthsOn, nowMs, timeZone]);
  const span = { startMs: days[0]?.startMs ?? 0, endMs: days.at(-1)?.endMs ?? 0 };
  const silences = useSilences(intervalMs);
  const recurring = useRecurring(span);
  const entries = useMemo(
    () => calendarEntries(silences.data ?? [], recurring.data ?? [], nowMs),
    [silences.data, recurring.data, nowMs],
  );
  const middleMs = days.find(({ isInMonth }) => isInMonth)?.startMs ?? nowMs;
  const month = dateText(middleMs, "MMMM YYYY", timeZone);
  const day = days.find(({ startMs, isToday }) =>
    chosen === undefined ? isToday : startMs === chosen,
  );
  const turn = (by: number): void => {
    setMonthsOn(by === 0 ? 0 : monthsOn + by);
    setChosen(undefined);
  };
  return (
    <section className="silence-calendar" aria-label="Calendar of silences">
      <div className="calendar-head">
        <IconButton icon="back" label="Previous month" onClick={() => turn(-1)} />
        <IconButton icon="forward" label="Next month" onClick={() => turn(1)} />
        <h2>{month}</h2>
        {monthsOn !== 0 && <Button onClick={() => turn(0)}>Today</Button>}
        <RefreshCorner query={recurring} />
      </div>
      <Picture query={silences} skeleton={<Skeleton rows={6} height={64} />}>
        {() => (
          <>
            <Month {...{ month, days, entries, chosen: day, onChoose: setChosen }} />
            {day !== undefined && <DayList day={day} entries={entriesOn(day, entries)} />}
          </>
        )}
      </Picture>
    </section>
  );
}

function Month({
  month,
  days,
  entries,
  chosen,
  onChoose,
}: {
  readonly month: string;
  readonly days: readonly CalendarDay[];
  readonly entries: readonly SilenceEntry[];
  readonly chosen: CalendarDay | undefined;
  readonly onChoose: (startMs: number) => void;
}) {
  return (
    <>
      <div className="calendar-weekdays quiet" aria-hidden>
        {weekdayNames.map((name) => (
          <span key={name}>{name}</span>
        ))}
      </div>
      <ol className="calendar-month" aria-label={month}>
        {days.map((day) => (
          <li key={day.startMs} className={day.isInMonth ? "" : "outside"}>
            <Day
              day={day}
              entries={entriesOn(day, entries)}
              isChosen={day.startMs === chosen?.startMs}
              onChoose={() => onChoose(day.startMs)}
            />
          </li>
        ))}
      </ol>
    </>
  );
}

function Day({
  day,
  entries,
  isChosen,
  onChoose,
}: {
  readonly day: CalendarDay;
  readonly entries: readonly SilenceEntry[];
  readonly isChosen: boolean;
  readonly onChoose: () => void;
}) {
  const { timeZone } = usePageRange();
  const count = entries.length;
  const left = count - namedMax;
  const silences = count === 1 ? "1 silence" : `${count} silences`;
  return (
    <button
      type="button"
      className="calendar-day"
      aria-pressed={isChosen}
      {...(day.isToday && { "aria-current": "date" as const })}
      onClick={onChoose}
    >
      <span className="hidden">
        {dateText(day.startMs, "D MMMM", timeZone)}, {silences}
      </span>
      <span className="calendar-date" aria-hidden>
        {day.date}
      </span>
      {count > 0 && (
        <span className="calendar-count" aria-hidden>
          {count}
        </span>
      )}
      {entries.slice(0, namedMax).map((entry) => (
        <span
          key={entry.key}
          className={`calendar-entry ${entry.state}`}
          title={entry.matchers}
          aria-hidden
        >
          <span className="clip">
            {entry.startMs >= day.startMs && `${dateText(entry.startMs, "HH:mm", timeZone)} `}
            {entry.comment}
          </span>
        </span>
      ))}
      {left > 0 && (
        <span className="quiet calendar-more" aria-hidden>
          and {left} more
        </span>
      )}
    </button>
  );
}

/** Everything of one day, to open. */
function DayList({
  day,
  entries,
}: {
  readonly day: CalendarDay;
  readonly entries: readonly SilenceEntry[];
}) {
  const { timeZone } = usePageRange();
  const title = dateText(day.startMs, "dddd, D MMMM YYYY", timeZone);
  return (
    <section className="block" aria-label={title}>
      <h3>{title}</h3>
      {entries.length === 0 && <p className="quiet">No silences</p>}
      <ul className="calendar-list">
        {entries.map((entry) => (
          <li key={entry.key}>
            <span className={entry.state === "active" ? "state good" : "quiet"}>{entry.state}</span>
            <span className="calendar-times">
              {timesText(entry, timeZone)}
              {entry.isRecurring && (
                <>
                  {" "}
                  <Icon name="refresh" /> recurring
                </>
              )}
            </span>
            <code className="anywhere">{entry.matchers}</code>
            <span className="quiet">
              {entry.comment} ({entry.createdBy})
            </span>
            <OpenEntry entry={entry} />
          </li>
        ))}
      </ul>
    </section>
  );
}

function timesText({ startMs, endMs }: SilenceEntry, timeZone: string): string {
  const of = (ms: number): string => dateText(ms, "D MMM HH:mm", timeZone);
  return `${of(startMs)} to ${of(endMs)}`;
}

function OpenEntry({ entry: { opens } }: { readonly entry: SilenceEntry }) {
  const change = useSearchChange();
  if (opens.kind === "nothing") return null;
  const isRecurring = opens.kind === "recurring";
  return (
    <button
      type="button"
      className="link"
      onClick={() => change({ view: isRecurring ? "recurring" : "calendar", open: opens.id })}
    >
      {isRecurring ? "Change the recurring silence" : "Change"}
    </button>
  );
}
