import { memo, useMemo } from "react";
import { valueOf, type Column } from "../state/columns.ts";
import type { ShownRow } from "../state/dedup.ts";
import { prettyJson, segmentsOf, type Highlighter } from "../state/line_text.ts";
import { exactTime, lineTime } from "../state/log_time.ts";

/** Characters drawn of one line; the whole stands in its detail. None is narrower than this on the screen. */
const charPx = 6;
const cutMaxChars = 1_000;
const fullChars = 10_000;

type Props = {
  readonly shown: ShownRow;
  readonly place: string;
  readonly top: number;
  readonly columns: readonly Column[];
  readonly pretty: boolean;
  /** Whether all of a line is drawn, and not what fits a row. */
  readonly full: boolean;
  readonly highlight: Highlighter;
  readonly timeZone: string;
  readonly isSelected: boolean;
  readonly onSelect: (row: ShownRow) => void;
};

/** One line: its level as colour and word, time, columns, text. */
export const LogRowView = memo(function LogRowView(props: Props) {
  const { shown, place, top, columns, isSelected, onSelect, timeZone } = props;
  const { row, repeats } = shown;
  const time = row.timeMs;
  return (
    <div
      className={`logs-row level-${row.level}`}
      style={{ transform: `translateY(${top}px)` }}
      data-place={place}
      role="listitem"
      aria-current={isSelected}
      onClick={() => {
        // Marking text is reading, not opening.
        if (getSelection()?.isCollapsed !== false) onSelect(shown);
      }}
    >
      <time title={exactTime(row.ns, timeZone)}>{lineTime(time, timeZone)}</time>
      <span className="logs-level">{row.level === "unknown" ? "" : row.level}</span>
      {columns.map(({ name, width }) => {
        const value = valueOf(row, name);
        return (
          <span key={name} className="logs-cell clip" style={{ width }} title={value}>
            {value}
          </span>
        );
      })}
      <LineText {...props} />
      {repeats > 0 && (
        <span className="logs-repeats" title={`${repeats} more of the same followed`}>
          ×{repeats + 1}
        </span>
      )}
    </div>
  );
});

function LineText({ shown, pretty, full, highlight }: Props) {
  const { text } = shown.row;
  const max = full ? fullChars : Math.min(cutMaxChars, Math.ceil(screen.width / charPx));
  const segments = useMemo(() => {
    const whole = pretty ? (prettyJson(text) ?? text) : text;
    return segmentsOf(whole.slice(0, max), highlight);
  }, [text, pretty, max, highlight]);
  return (
    <span className="logs-text">
      {segments.map(({ text: part, style, match }, i) =>
        match ? (
          <mark key={i} className={style}>
            {part}
          </mark>
        ) : style === "" ? (
          part
        ) : (
          <span key={i} className={style}>
            {part}
          </span>
        ),
      )}
      {full && text.length > max && (
        <em className="quiet"> … {(text.length - max).toLocaleString("en")} more characters</em>
      )}
    </span>
  );
}
