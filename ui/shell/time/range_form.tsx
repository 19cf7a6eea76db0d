import { lazy, Suspense, useId, useState, type ClipboardEvent, type FormEvent } from "react";
import { endWords } from "../../state/quick_ranges.ts";
import type { TimeRange } from "../../state/time_range.ts";
import { Icon } from "../../elements/icon.tsx";
import { Skeleton } from "../../widgets/picture.tsx";
import { absoluteEnds, rangeFaults, rangeFromText, type RangeFaults } from "./range_text.ts";

const Calendar = lazy(() => import("./calendar.tsx"));

type Props = {
  /** As the fields show them at first. */
  readonly from: string;
  readonly to: string;
  readonly zone: string;
  readonly onApply: (range: TimeRange) => void;
};

/** From and to as text, relative or absolute, with a calendar that fills them in. */
export function RangeForm({ from, to, zone, onApply }: Props) {
  const [draft, setDraft] = useState<TimeRange>({ from, to });
  const [faults, setFaults] = useState<RangeFaults>({});
  const [calendar, setCalendar] = useState(false);
  const change = (next: TimeRange): void => {
    setDraft(next);
    setFaults({});
  };
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    const nowMs = Date.now();
    const found = rangeFaults(draft, nowMs, zone);
    setFaults(found);
    if (found.from === undefined && found.to === undefined) {
      onApply(absoluteEnds(draft, nowMs, zone));
    }
  };
  const paste = (event: ClipboardEvent): void => {
    const range = rangeFromText(event.clipboardData.getData("text"), Date.now(), zone);
    if (range === undefined) return;
    event.preventDefault();
    change({ from: endWords(range.from, "from", zone), to: endWords(range.to, "to", zone) });
  };
  return (
    <form className="range-form" onSubmit={submit} onPaste={paste} noValidate>
      <End
        label="From"
        value={draft.from}
        fault={faults.from}
        onChange={(text) => change({ ...draft, from: text })}
      />
      <End
        label="To"
        value={draft.to}
        fault={faults.to}
        onChange={(text) => change({ ...draft, to: text })}
      />
      {calendar && (
        <Suspense fallback={<Skeleton rows={1} height={260} />}>
          <Calendar draft={draft} zone={zone} onChange={change} />
        </Suspense>
      )}
      <div className="range-actions">
        <button
          type="button"
          className="button"
          aria-pressed={calendar}
          onClick={() => setCalendar(!calendar)}
        >
          <Icon name="calendar" />
          Calendar
        </button>
        <button type="submit" className="button primary">
          Apply
        </button>
      </div>
    </form>
  );
}

type EndProps = {
  readonly label: string;
  readonly value: string;
  readonly fault: string | undefined;
  readonly onChange: (text: string) => void;
};

function End({ label, value, fault, onChange }: EndProps) {
  const id = useId();
  return (
    <div className="range-end">
      <label htmlFor={id}>{label}</label>
      <input
        id={id}
        className="text-field"
        value={value}
        maxLength={100}
        autoComplete="off"
        spellCheck={false}
        aria-invalid={fault !== undefined}
        aria-describedby={fault === undefined ? undefined : `${id}-fault`}
        onChange={(event) => onChange(event.target.value)}
      />
      {fault !== undefined && (
        <p id={`${id}-fault`} className="field-fault" role="alert">
          {fault}
        </p>
      )}
    </div>
  );
}
