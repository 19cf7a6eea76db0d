import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { type RefObject, useLayoutEffect, useRef, useState } from "react";
import { queryContext } from "../../../client/log_records.ts";
import type { LogRow } from "../../../client/logs.ts";
import { Picture, Skeleton } from "../../../widgets/picture.tsx";
import { plainText } from "../state/line_text.ts";
import { lineKey } from "../state/line_key.ts";
import { lineTime } from "../state/log_time.ts";

const step = 10;
/** As many as the aggregator gives. */
const sideMax = 1_000;
const charsMax = 2_000;

type Props = {
  readonly row: LogRow;
  readonly timeZone: string;
  /** Where the page's list shows all of them. */
  readonly onList: () => void;
};

/** What stands before and after a line in its own stream, whatever the search leaves out. */
export function ContextLines({ row, timeZone, onList }: Props) {
  const [before, setBefore] = useState(step);
  const [after, setAfter] = useState(step);
  const context = useQuery({
    queryKey: ["log_context", lineKey(row), before, after],
    queryFn: ({ signal }) =>
      queryContext({ stream: row.stream, ns: row.ns, before, after, signal }),
    // Of another line they would be of something else.
    placeholderData: (found, query) =>
      query?.queryKey[1] === lineKey(row) ? keepPreviousData(found) : undefined,
  });
  const line = useRef<HTMLLIElement>(null);
  usePlace(line, lineKey(row), context.data?.before.length);
  return (
    <Picture query={context} skeleton={<Skeleton rows={12} height={18} />}>
      {(found) => (
        <div className="logs-context" aria-label="Lines around it" role="group">
          <p>
            <button type="button" className="logs-more" onClick={onList}>
              Show this stream in the list
            </button>
          </p>
          {found.before.length >= before && before < sideMax ? (
            <button
              type="button"
              className="logs-more"
              onClick={() => setBefore(Math.min(sideMax, before * 2))}
            >
              Show more before
            </button>
          ) : (
            <p className="quiet">The stream begins here, or a week before the line.</p>
          )}
          <ol>
            {[...found.before, ...found.at, ...found.after].map((one, i) => (
              <li
                key={i}
                {...(isSame(one, row) ? { ref: line } : {})}
                className={`level-${one.level}${isSame(one, row) ? " is-line" : ""}`}
                aria-current={isSame(one, row)}
              >
                <time>{lineTime(one.timeMs, timeZone)}</time>
                <span>{plainText(one.text.slice(0, charsMax))}</span>
              </li>
            ))}
          </ol>
          {found.after.length >= after && after < sideMax ? (
            <button
              type="button"
              className="logs-more"
              onClick={() => setAfter(Math.min(sideMax, after * 2))}
            >
              Show more after
            </button>
          ) : (
            <p className="quiet">There is nothing after it yet.</p>
          )}
        </div>
      )}
    </Picture>
  );
}

/** Scrolls so that the line is in the middle at first, and stays where it is as lines are put before it. */
function usePlace(
  line: RefObject<HTMLLIElement | null>,
  key: string,
  before: number | undefined,
): void {
  const place = useRef<{ readonly key: string; readonly top: number }>(undefined);
  useLayoutEffect(() => {
    const element = line.current;
    const scrolled = element?.closest(".logs-aside, .overlay-body");
    if (!element || !scrolled) return;
    // Not by scrollIntoView(): that scrolls the page around it, too.
    const pane = scrolled.getBoundingClientRect();
    const own = element.getBoundingClientRect();
    const top = own.top - pane.top + scrolled.scrollTop;
    if (place.current?.key === key) scrolled.scrollTop += top - place.current.top;
    else scrolled.scrollTop = top - Math.max(0, (pane.height - own.height) / 2);
    place.current = { key, top };
  }, [line, key, before]);
}

function isSame(a: LogRow, b: LogRow): boolean {
  return a.ns === b.ns && a.text === b.text;
}
