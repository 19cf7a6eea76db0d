import { useState } from "react";
import { messageOf } from "#shared/errors.ts";
import { Menu, type MenuEntry } from "../../../overlays/menu.tsx";
import { Popover } from "../../../overlays/popover.tsx";
import { formatCount, formatValue } from "../../../units/format.ts";
import { useNow } from "../../../state/media.ts";
import type { Window } from "../../../state/time_range.ts";
import { Icon } from "../../../elements/icon.tsx";
import { Incomplete } from "../../../widgets/incomplete.tsx";
import { Corner } from "../../../widgets/picture.tsx";
import { CreateAlert } from "../saving/create_alert.tsx";
import { AddToDashboard } from "../saving/add_to_dashboard.tsx";
import { dedups } from "../state/dedup.ts";
import { downloadLinesMax, type FileKind } from "./download.ts";
import { downloadWithProgress } from "./download_progress.ts";
import type { LineStore } from "../state/line_store.ts";
import { linesMax } from "../state/line_store.ts";
import type { LogsState } from "../state/logs_search.ts";
import { tailLinesMax, type TailStore } from "../state/tail_store.ts";

type Props = {
  readonly state: LogsState;
  readonly window: Window;
  readonly store: LineStore | undefined;
  readonly tail: TailStore | undefined;
  readonly total: number | undefined;
  readonly isExact: boolean;
  readonly wrap: boolean;
  readonly showsFacets: boolean;
  readonly onFacets: () => void;
};

const dedupWords = {
  none: "Every line",
  exact: "Without repeats",
  numbers: "Alike but for numbers",
  signature: "Alike but for words",
} as const;

/** How many lines, how they are shown, and what can be done with all of them. */
export function LinesBar(props: Props) {
  const { state, store, tail, wrap } = props;
  const { change } = state;
  return (
    <div className="toolbar logs-bar">
      {props.showsFacets ? (
        <button type="button" className="button" onClick={props.onFacets}>
          <Icon name="filter" />
          <span className="logs-word">Fields</span>
        </button>
      ) : (
        <button
          type="button"
          className="button"
          aria-pressed={state.side}
          onClick={() => change({ side: state.side ? "off" : "" })}
        >
          <Icon name="filter" />
          <span className="logs-word">Fields</span>
        </button>
      )}
      <button
        type="button"
        className="button"
        aria-pressed={state.live}
        onClick={() => change({ live: state.live ? "" : "on", line: "" }, { replace: false })}
      >
        <Icon name="live" />
        <span className="logs-word">Live tail</span>
      </button>
      {tail === undefined ? <Count {...props} /> : <TailWord tail={tail} />}
      <span className="logs-bar-end" />
      {store !== undefined && <Inspector store={store} state={state} />}
      <Menu
        label="How lines are shown"
        trigger={
          <button type="button" className="button">
            <Icon name="eye" />
            <span className="logs-word">View</span>
          </button>
        }
        entries={viewEntries(state, wrap)}
      />
      <DownloadMenu {...props} />
      <CreateAlert query={state.query} isMetric={false} />
      <AddToDashboard query={state.query} isMetric={false} />
    </div>
  );
}

function viewEntries(state: LogsState, wrap: boolean): MenuEntry[] {
  const { change } = state;
  return [
    {
      label: "Wrap lines",
      keys: "w",
      checked: wrap,
      onSelect: () => change({ wrap: wrap ? "off" : "on" }),
    },
    {
      label: "Indent JSON",
      checked: state.pretty,
      onSelect: () => change({ json: state.pretty ? "" : "pretty" }),
    },
    { heading: "Order" },
    {
      label: "Newest first",
      checked: state.order === "newest",
      onSelect: () => change({ order: "", line: "" }),
    },
    {
      label: "Oldest first",
      checked: state.order === "oldest",
      onSelect: () => change({ order: "oldest", line: "" }),
    },
    { heading: "Lines that follow each other" },
    ...dedups.map((value) => ({
      label: dedupWords[value],
      checked: state.dedup === value,
      onSelect: () => change({ dedup: value === "none" ? "" : value }),
    })),
    { heading: "Columns" },
    { label: "Only the line", onSelect: () => change({ cols: "-" }) },
    { label: "As at first", onSelect: () => change({ cols: "" }) },
  ];
}

function Count({ store, total, isExact }: Props) {
  if (store === undefined) return null;
  const { lines: loaded, count: rows } = store;
  const all = store.isComplete ? loaded : total;
  return (
    <>
      <Incomplete warnings={[...store.warnings]} />
      <span className="quiet" role="status">
        {all !== undefined && !isExact && !store.isComplete && (
          <span className="logs-word">about </span>
        )}
        {all !== undefined &&
          `${formatCount(Math.max(all, loaded))} ${all === 1 ? "line" : "lines"}`}
        {rows < loaded && `, ${formatCount(rows)} shown`}
        {rows >= linesMax &&
          `, the first ${formatCount(linesMax)} can be scrolled through: narrow the range`}
      </span>
    </>
  );
}

function TailWord({ tail }: { readonly tail: TailStore }) {
  const nowMs = useNow(1_000);
  const rate = tail.rate(nowMs);
  return (
    <>
      <button
        type="button"
        className="button"
        aria-pressed={tail.isPaused}
        onClick={() => tail.pause(!tail.isPaused)}
      >
        <Icon name={tail.isPaused ? "play" : "pause"} />
        <span className="logs-word">{tail.isPaused ? "Go on" : "Pause"}</span>
      </button>
      <span className="quiet" role="status">
        {tail.isPaused
          ? `paused, ${formatCount(tail.waiting)} ${tail.waiting === 1 ? "line waits" : "lines wait"}`
          : `${rate >= 10 ? Math.round(rate) : rate.toFixed(1)} lines/s`}
        {`, ${formatCount(tail.count)} shown`}
        {tail.count >= tailLinesMax && " (the newest)"}
      </span>
      <Incomplete warnings={tail.warnings} />
      {tail.missed > 0 && (
        <Corner
          state="partial"
          detail="They came faster than this page shows them. All of them are stored: search for them."
        >
          {formatCount(tail.missed)} lines are not shown
        </Corner>
      )}
      {tail.failure !== undefined && (
        <Corner state="failed" detail={messageOf(tail.failure)}>
          {messageOf(tail.failure)}
        </Corner>
      )}
    </>
  );
}

/** What the lines shown have cost. */
function Inspector({ store, state }: { readonly store: LineStore; readonly state: LogsState }) {
  const { seconds, lines, bytes } = store.stats;
  const rows: readonly (readonly [string, string])[] = [
    ["Time in the aggregator", formatValue(seconds, "seconds")],
    ["Lines read", formatCount(lines)],
    ["Bytes read", formatValue(bytes, "bytes")],
    ["Lines shown", formatCount(store.count)],
    ["Requests", formatCount(store.requests)],
  ];
  return (
    <Popover
      label="What the search cost"
      align="end"
      className="logs-inspector"
      trigger={
        <button
          type="button"
          className="icon-button"
          aria-label="What the search cost"
          title="What the search cost"
        >
          <Icon name="info" />
        </button>
      }
    >
      <dl>
        {rows.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      <h2>Query</h2>
      <pre tabIndex={0}>{state.query}</pre>
    </Popover>
  );
}

function DownloadMenu({ state, window }: Props) {
  const [lines, setLines] = useState<number>();
  const save = async (kind: FileKind): Promise<void> => {
    const { query, order, columns } = state;
    setLines(0);
    await downloadWithProgress({ kind, window, query, order, columns }, setLines);
    setLines(undefined);
  };
  const kinds: readonly (readonly [FileKind, string])[] = [
    ["text", "Text"],
    ["csv", "CSV"],
    ["json", "JSON lines"],
  ];
  return (
    <Menu
      label="Download"
      trigger={
        <button type="button" className="button" disabled={lines !== undefined}>
          <Icon name="download" />
          {lines === undefined ? (
            <span className="logs-word">Download</span>
          ) : (
            `${formatCount(lines)} lines`
          )}
        </button>
      }
      entries={[
        { heading: `Up to ${formatCount(downloadLinesMax)} lines` },
        ...kinds.map(([kind, label]) => ({ label, onSelect: () => void save(kind) })),
      ]}
    />
  );
}
