import { useVirtualizer } from "@tanstack/react-virtual";
import { useEffect, useLayoutEffect, useRef, useState } from "react";
import { AnsiText } from "../../panels/parts/ansi_text.tsx";
import { formatExact } from "../../units/format.ts";
import type { KeyedLine } from "../../queries/log_follow.ts";
import { useTimeZone } from "../../state/time_zone.ts";
import { Icon } from "../../elements/icon.tsx";
import { levelOf } from "../../panels/parts/log_level.ts";
import { dateText } from "../../units/date_text.ts";

const linePx = 20;
/** Nearer to the end than this counts as being at the end. */
const endPx = 24;
/** Characters drawn of one line; the whole stays in the store. */
const charsMax = 10_000;

type Props = {
  readonly lines: readonly KeyedLine[];
  readonly wrap: boolean;
  readonly follow: boolean;
};

/**
 * Lines in a pane of their own, the one exception to the single scroll area: it must stay at its end while lines come, and
 * stay where it is read when scrolled up. Only what is in view is in the document.
 */
export function LogLines({ lines, wrap, follow }: Props) {
  const pane = useRef<HTMLDivElement>(null);
  const atEnd = useRef(true);
  const [away, setAway] = useState(false);
  const timeZone = useTimeZone();
  const virtual = useVirtualizer({
    count: lines.length,
    getScrollElement: () => pane.current,
    estimateSize: () => linePx,
    overscan: 20,
    getItemKey: (i) => lines[i]?.key ?? i,
  });
  const toEnd = (): void => {
    if (lines.length > 0) virtual.scrollToIndex(lines.length - 1, { align: "end" });
  };
  const newest = lines.at(-1)?.key;
  useLayoutEffect(() => {
    if (atEnd.current) toEnd();
    // Only a new last line, or another wrapping, moves the pane.
  }, [newest, wrap, lines.length]);
  useEffect(() => {
    virtual.measure();
  }, [virtual, wrap]);
  const onScroll = (): void => {
    const element = pane.current;
    if (element === null) return;
    const rest = element.scrollHeight - element.scrollTop - element.clientHeight;
    atEnd.current = rest < endPx;
    setAway(!atEnd.current);
  };
  return (
    <div className="log-frame">
      <div
        ref={pane}
        className={wrap ? "log-pane wrap" : "log-pane"}
        role="log"
        aria-live="off"
        aria-label="Log lines"
        tabIndex={0}
        onScroll={onScroll}
      >
        <div style={{ height: virtual.getTotalSize(), position: "relative" }}>
          {virtual.getVirtualItems().map((item) => {
            const line = lines[item.index];
            return line === undefined ? null : (
              <div
                key={item.key}
                ref={wrap ? virtual.measureElement : undefined}
                data-index={item.index}
                className="log-line"
                style={{ transform: `translateY(${item.start}px)` }}
              >
                <Line line={line} timeZone={timeZone} />
              </div>
            );
          })}
        </div>
      </div>
      {away && (
        <button type="button" className="button to-end" onClick={toEnd}>
          <Icon name="down" />
          {follow ? "To the newest, and follow" : "To the newest"}
        </button>
      )}
    </div>
  );
}

function Line({ line, timeZone }: { readonly line: KeyedLine; readonly timeZone: string }) {
  const level = levelOf(line.labels, line.text);
  const file = line.labels["filename"] ?? line.labels["job"] ?? "";
  return (
    <>
      <time title={`${formatExact(line.timeMs, timeZone)}\n${file}`}>
        {dateText(line.timeMs, "HH:mm:ss", timeZone)}
      </time>
      <span className={`level ${level ?? "none"}`}>{level ?? ""}</span>
      <span className="log-file clip" title={file}>
        {file.split("/").at(-1)}
      </span>
      <span className="log-text">
        <AnsiText text={line.text.slice(0, charsMax)} />
      </span>
    </>
  );
}
