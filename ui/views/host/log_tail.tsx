import { getRouteApi } from "@tanstack/react-router";
import { useDeferredValue, useState } from "react";
import { quote } from "../../client/prometheus.ts";
import { formatCount } from "../../units/format.ts";
import { usePageRange, useSearchChange } from "../../state/page_range.ts";
import { linesMax, useLogFollow, type LogPicture } from "../../queries/log_follow.ts";
import { follows } from "../../state/time_range.ts";
import { FilterBox } from "../../widgets/filter_box.tsx";
import { Icon } from "../../elements/icon.tsx";
import { Corner, Empty, Picture, RefreshCorner, Skeleton } from "../../widgets/picture.tsx";
import { LogLines } from "./log_lines.tsx";

const route = getRouteApi("/hosts/$agent");

/** The log of one host: follows while the range ends now, stops to be read, narrows by a text. */
export function LogTail({ host }: { readonly host: string }) {
  const { range, refresh } = usePageRange();
  const { log = "" } = route.useSearch();
  const change = useSearchChange();
  const [paused, setPaused] = useState(false);
  const [wrap, setWrap] = useState(false);
  const filter = useDeferredValue(log);
  const live = follows(range) && refresh !== "off";
  const query = useLogFollow({ query: logQuery(host, filter), range, live, paused });
  return (
    <section className="block log-tail" aria-label="Log">
      <div className="toolbar">
        <h2>Log</h2>
        <FilterBox
          label="Filter log lines"
          value={log}
          onChange={(text) => change({ log: text })}
        />
        <button
          type="button"
          className="button"
          aria-pressed={paused}
          disabled={!live}
          onClick={() => setPaused(!paused)}
        >
          <Icon name={paused ? "play" : "pause"} />
          {paused ? "Resume" : "Pause"}
        </button>
        <button type="button" className="button" aria-pressed={wrap} onClick={() => setWrap(!wrap)}>
          <Icon name="wrap" />
          Wrap
        </button>
        <span className="quiet">
          {query.data !== undefined && summary(query.data, live, paused)}
        </span>
        <RefreshCorner query={query} />
        {query.data !== undefined && query.data.gaps > 0 && (
          <Corner
            state="partial"
            detail="Lines came faster than this page asks for them. All of them are stored."
          >
            partial: some lines are not shown
          </Corner>
        )}
      </div>
      <Picture query={query} skeleton={<Skeleton rows={10} height={18} />}>
        {({ lines }) =>
          lines.length === 0 ? (
            <Empty
              title={filter === "" ? "No log lines in this range" : `No line holds "${filter}"`}
            >
              {filter === ""
                ? "The agent reads the files that its configuration names; new lines appear here within a second."
                : "The search looks at the whole range, and ignores case."}
            </Empty>
          ) : (
            <LogLines lines={lines} wrap={wrap} follow={live && !paused} />
          )
        }
      </Picture>
    </section>
  );
}

function summary({ lines, dropped }: LogPicture, live: boolean, paused: boolean): string {
  const count = `${formatCount(lines.length)} ${lines.length === 1 ? "line" : "lines"}`;
  const cut = dropped > 0 ? `, the newest ${formatCount(linesMax)} kept` : "";
  return `${count}${cut}${paused ? ", paused" : live ? ", following" : ""}`;
}

/** Words of people are text, not patterns; case does not matter to them. */
function logQuery(host: string, filter: string): string {
  const selector = `{host=${quote(host)}}`;
  if (filter.trim() === "") return selector;
  const literal = filter.trim().replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
  return `${selector} |~ ${quote(`(?i)${literal}`)}`;
}
