import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { queryContext } from "../../client/log_records.ts";
import type { LogRow } from "../../client/logs.ts";
import { Picture, Skeleton } from "../../widgets/picture.tsx";
import { plainText } from "./line_text.ts";
import { lineKey } from "./line_key.ts";
import { lineTime } from "./log_time.ts";

const step = 10;
/** As many as the aggregator gives. */
const sideMax = 1_000;
const charsMax = 2_000;

/** What stands before and after a line in its own stream, whatever the search leaves out. */
export function ContextLines({
  row,
  timeZone,
}: {
  readonly row: LogRow;
  readonly timeZone: string;
}) {
  const [before, setBefore] = useState(step);
  const [after, setAfter] = useState(step);
  const context = useQuery({
    queryKey: ["log_context", lineKey(row), before, after],
    queryFn: ({ signal }) =>
      queryContext({ stream: row.stream, ns: row.ns, before, after, signal }),
    placeholderData: keepPreviousData,
  });
  return (
    <Picture query={context} skeleton={<Skeleton rows={12} height={18} />}>
      {(found) => (
        <div className="logs-context" aria-label="Lines around it" role="group">
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

function isSame(a: LogRow, b: LogRow): boolean {
  return a.ns === b.ns && a.text === b.text;
}
