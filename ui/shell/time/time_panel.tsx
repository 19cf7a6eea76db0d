import { useState } from "react";
import { usePageRange } from "../../state/page_range.ts";
import { endWords, quickRanges, rangeWords } from "../../state/quick_ranges.ts";
import type { TimeRange } from "../../state/time_range.ts";
import { Icon } from "../../elements/icon.tsx";
import { RangeForm } from "./range_form.tsx";
import { recentRanges, rememberRange } from "./range_text.ts";
import type { TimeActions } from "./use_time_actions.ts";
import { ZonePicker } from "./zone_picker.tsx";

type Props = { readonly onDone: () => void; readonly actions: TimeActions };

/** What the time picker opens: ranges by name, from and to, a calendar, recent ranges, and the zone. */
// React.lazy asks for a default export.
export default function TimePanel({ onDone, actions }: Props) {
  const { range, timeZone, setRange } = usePageRange();
  const [recent] = useState(recentRanges);
  const apply = (next: TimeRange): void => {
    rememberRange(next);
    setRange(next);
    onDone();
  };
  const copyAndClose = (run: () => Promise<void>) => () => {
    onDone();
    void run();
  };
  return (
    <div className="time-panel">
      <QuickList range={range} onChoose={apply} />
      <div className="time-side">
        <RangeForm
          from={endWords(range.from, "from", timeZone)}
          to={endWords(range.to, "to", timeZone)}
          zone={timeZone}
          onApply={apply}
        />
        <div className="time-tools">
          <button type="button" className="button" onClick={copyAndClose(actions.copy)}>
            <Icon name="copy" />
            Copy range
          </button>
          <button type="button" className="button" onClick={copyAndClose(actions.paste)}>
            Paste range
          </button>
        </div>
        {recent.length > 0 && (
          <div className="time-recent">
            <h2>Recent</h2>
            {recent.map((each) => (
              <button
                key={each.from + each.to}
                type="button"
                className="menu-item"
                onClick={() => apply(each)}
              >
                <span className="clip">{rangeWords(each, timeZone)}</span>
              </button>
            ))}
          </div>
        )}
        <ZonePicker />
      </div>
    </div>
  );
}

function QuickList({
  range,
  onChoose,
}: {
  readonly range: TimeRange;
  readonly onChoose: (range: TimeRange) => void;
}) {
  const [text, setText] = useState("");
  const words = text.toLowerCase().split(/\s+/);
  const shown = quickRanges.filter(({ label, from, to }) => {
    const all = `${label} ${from} ${to}`.toLowerCase();
    return words.every((word) => all.includes(word));
  });
  return (
    <div className="time-quick">
      <input
        type="search"
        className="option-search"
        aria-label="Search quick ranges"
        placeholder="Search quick ranges"
        value={text}
        maxLength={60}
        onChange={(event) => setText(event.target.value)}
        onKeyDown={(event) => {
          const [first] = shown;
          if (event.key === "Enter" && first !== undefined) {
            onChoose({ from: first.from, to: first.to });
          }
        }}
      />
      <ul className="options" aria-label="Quick ranges">
        {shown.map(({ label, from, to }) => {
          const chosen = range.from === from && range.to === to;
          return (
            <li key={label}>
              <button
                type="button"
                className="menu-item"
                aria-pressed={chosen}
                onClick={() => onChoose({ from, to })}
              >
                <span className="clip">{label}</span>
                {chosen && <Icon name="check" />}
              </button>
            </li>
          );
        })}
        {shown.length === 0 && <li className="option-foot">Nothing matches</li>}
      </ul>
    </div>
  );
}
