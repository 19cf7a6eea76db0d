import {
  type ReactNode,
  useCallback,
  useEffect,
  useMemo,
  useRef,
  useState,
  useSyncExternalStore,
} from "react";
import { searchingRegex, type LinearRegex } from "#shared/text/linear_regex.ts";
import type { LogRow } from "../../../client/logs.ts";
import { Sheet } from "../../../overlays/sheet.tsx";
import { usePageRange } from "../../../state/page_range.ts";
import { useKeys } from "../../../state/keys.ts";
import { phoneQuery, useMedia } from "../../../state/media.ts";
import type { Window } from "../../../state/time_range.ts";
import { Icon } from "../../../elements/icon.tsx";
import { Empty, Skeleton } from "../../../widgets/picture.tsx";
import { ColumnHeads } from "./column_heads.tsx";
import type { ShownRow } from "../state/dedup.ts";
import { LineDetails, type DetailView } from "./details_panel.tsx";
import { FacetsPanel } from "./facets_panel.tsx";
import { highlighterOf } from "../state/line_text.ts";
import { lineKey } from "../state/line_key.ts";
import type { LineStore, RowSource } from "../state/line_store.ts";
import { LinesBar } from "./lines_bar.tsx";
import { LogList, type ListHandle } from "./log_list.tsx";
import type { LogsState } from "../state/logs_search.ts";
import { ErrorText } from "../../../widgets/error_text.tsx";
import { TailStore } from "../state/tail_store.ts";
import { nsOf, useLines } from "../state/use_lines.ts";

/** Narrower than this there is no room beside the list. */
const narrowQuery = "(max-width: 1099px)";
const noColumns: LogsState["columns"] = [];

export type LinesTabProps = {
  readonly state: LogsState;
  readonly window: Window;
  readonly rangeKey: string;
  readonly slowKey: string;
  readonly follows: boolean;
  readonly total: number | undefined;
  readonly isExact: boolean;
};

/** The lines, with facets at the left and what is known of one of them at the right. */
export function LinesTab(props: LinesTabProps) {
  return props.state.live ? <LiveLines {...props} /> : <StoredLines {...props} />;
}

function StoredLines(props: LinesTabProps) {
  const { state, window, rangeKey, follows } = props;
  const store = useLines({ ...state, window, rangeKey });
  useEffect(() => {
    store.extend(nsOf(window.endMs + 1));
    if (follows && state.order === "newest") void store.loadBefore();
  }, [store, window.endMs, follows, state.order]);
  return <Lines {...props} source={store} store={store} tail={undefined} follow={undefined} />;
}

function LiveLines(props: LinesTabProps) {
  const { query, order } = props.state;
  const [tail, setTail] = useState<TailStore>();
  useEffect(() => {
    const made = new TailStore(query, order);
    setTail(made);
    return () => made.close();
  }, [query, order]);
  if (tail === undefined) return <Skeleton rows={10} height={20} />;
  return <FollowedLines {...props} tail={tail} />;
}

function FollowedLines(props: LinesTabProps & { readonly tail: TailStore }) {
  const { tail, state } = props;
  useSyncExternalStore(tail.subscribe, tail.version);
  return (
    <Lines
      {...props}
      source={tail}
      store={undefined}
      follow={state.order === "newest" ? "start" : "end"}
    />
  );
}

type LinesProps = LinesTabProps & {
  readonly source: RowSource;
  readonly store: LineStore | undefined;
  readonly tail: TailStore | undefined;
  readonly follow: "start" | "end" | undefined;
};

function Lines(props: LinesProps) {
  const { state, source, tail, window, rangeKey } = props;
  const { timeZone } = usePageRange();
  const isPhone = useMedia(phoneQuery);
  const isNarrow = useMedia(narrowQuery);
  const wrap = state.wrap ?? isPhone;
  const list = useRef<ListHandle>(null);
  const highlight = useMemo(() => highlighterOf(state.terms, compiled), [state.terms]);
  const { selected, select, view, setView } = useSelected(source, state);
  const onWrap = (): void => state.change({ wrap: wrap ? "off" : "on" });
  useLineKeys({ list, selected, select, tail, onContext: () => setView("context"), onWrap });
  const onView = setView;
  // Rows that stay as they are must not be drawn anew because the page was.
  const latestSelect = useRef(select);
  latestSelect.current = select;
  const onSelect = useCallback(({ row }: ShownRow) => latestSelect.current(row), []);
  const looks = { timeZone, highlight, state };
  return (
    <Around
      {...props}
      {...{ wrap, isNarrow }}
      onClose={() => select(undefined)}
      details={
        selected && <LineDetails {...{ row: selected, window, rangeKey, view, onView, ...looks }} />
      }
    >
      {!isPhone && <ColumnHeads state={state} />}
      <Pane {...props}>
        <LogList
          store={source}
          follow={props.follow}
          news={props.follow ?? (state.order === "newest" ? "start" : undefined)}
          columns={isPhone ? noColumns : state.columns}
          wrap={wrap}
          pretty={state.pretty}
          highlight={highlight}
          timeZone={timeZone}
          selected={selected === undefined ? state.line : lineKey(selected)}
          onSelect={onSelect}
          handle={list}
        />
      </Pane>
    </Around>
  );
}

type AroundProps = LinesProps & {
  readonly wrap: boolean;
  readonly isNarrow: boolean;
  readonly details: ReactNode;
  readonly onClose: () => void;
  readonly children: ReactNode;
};

/** Facets at the left, detail at the right; where there is no room for them, both are sheets. */
function Around(props: AroundProps) {
  const { state, window, slowKey, isNarrow, details, onClose } = props;
  const [isFacetsOpen, setFacetsOpen] = useState(false);
  const facets = <FacetsPanel state={state} window={window} rangeKey={slowKey} />;
  const isOpen = details !== undefined;
  const isBeside = isOpen && !isNarrow;
  const hasFacets = state.side && !isNarrow;
  return (
    <>
      <LinesBar {...props} onFacets={() => setFacetsOpen(true)} showsFacets={isNarrow} />
      <div
        className={`logs-body${hasFacets ? " with-facets" : ""}${isBeside ? " with-details" : ""}`}
      >
        {hasFacets && <aside aria-label="Fields">{facets}</aside>}
        <div className="logs-main">{props.children}</div>
        {isBeside && (
          <aside className="logs-aside" aria-label="Line">
            <button
              type="button"
              className="icon-button logs-close"
              aria-label="Close the line"
              onClick={onClose}
            >
              <Icon name="cross" />
            </button>
            {details}
          </aside>
        )}
      </div>
      <Sheet title="Line" open={isNarrow && isOpen} onOpenChange={(open) => !open && onClose()}>
        {details}
      </Sheet>
      <Sheet title="Fields" open={isNarrow && isFacetsOpen} onOpenChange={setFacetsOpen}>
        {facets}
      </Sheet>
    </>
  );
}

/** The line that is open, which the URL names. */
function useSelected(source: RowSource, state: LogsState) {
  const [selected, setSelected] = useState<LogRow>();
  const [view, setView] = useState<DetailView>("fields");
  useOpened(source, state.line, selected, setSelected);
  const select = (row: LogRow | undefined): void => {
    setSelected(row);
    state.change({ line: row === undefined ? "" : lineKey(row) });
  };
  return { selected, select, view, setView };
}

/** The list, or what stands in its place while there is nothing to list. */
function Pane({
  source,
  store,
  tail,
  state,
  children,
}: LinesProps & { readonly children: ReactNode }) {
  if (source.pages.length > 0) return children;
  if (store?.isFirst === true) return <Skeleton rows={12} height={18} />;
  if (source.failure !== undefined) return <ErrorText query={state.query} error={source.failure} />;
  return <Nothing state={state} isLive={tail !== undefined} />;
}

type KeysSetup = {
  readonly list: React.RefObject<ListHandle | null>;
  readonly selected: LogRow | undefined;
  readonly select: (row: LogRow | undefined) => void;
  readonly tail: TailStore | undefined;
  readonly onContext: () => void;
  readonly onWrap: () => void;
};

function useLineKeys({ list, selected, select, tail, onContext, onWrap }: KeysSetup): void {
  const step = (by: number) => () => {
    const next = list.current?.step(by);
    if (next !== undefined) select(next.row);
  };
  useKeys("Log lines", [
    { keys: "j", words: "Select the next line", run: step(1) },
    { keys: "k", words: "Select the line before", run: step(-1) },
    { keys: "enter", words: "Open the first line in view", run: step(0) },
    {
      keys: "c",
      words: "Show what stands around the line",
      run: () => selected !== undefined && onContext(),
    },
    { keys: "escape", words: "Close the line", run: () => select(undefined) },
    { keys: "w", words: "Wrap lines", run: onWrap },
    ...(tail === undefined
      ? []
      : [{ keys: "p", words: "Pause or go on", run: () => tail.pause(!tail.isPaused) }]),
  ]);
}

/** The line that a link names, as soon as it is among those loaded. */
function useOpened(
  source: RowSource,
  line: string,
  selected: LogRow | undefined,
  onFound: (row: LogRow | undefined) => void,
): void {
  const seen = useRef("");
  useEffect(() => {
    // What is selected here tells the URL; only what the URL says anew is taken from it.
    if (line === seen.current && (line === "" || selected !== undefined)) return;
    if (line === "" || (selected !== undefined && lineKey(selected) === line)) {
      seen.current = line;
      if (line === "") onFound(undefined);
      return;
    }
    for (const { rows = [] } of source.pages)
      for (const { row } of rows)
        if (line.startsWith(row.ns) && lineKey(row) === line) {
          seen.current = line;
          onFound(row);
          return;
        }
  });
}

function Nothing({ state, isLive }: { readonly state: LogsState; readonly isLive: boolean }) {
  if (isLive)
    return <Empty title="No line yet">Lines appear here within a second of being written.</Empty>;
  if (state.terms.length > 0 || state.filters.length > 0)
    return (
      <Empty title="No line fits the search in this range">
        Take a word or a filter away, or widen the time range.
      </Empty>
    );
  return (
    <Empty title="No log lines in this range">
      Agents read the files and journals that their configuration names; new lines appear here
      within a second. Widen the time range to look further back.
    </Empty>
  );
}

function compiled(pattern: string): LinearRegex | undefined {
  try {
    return searchingRegex(pattern);
  } catch {
    // The aggregator says what is wrong with it.
    return undefined;
  }
}
