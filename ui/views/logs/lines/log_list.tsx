import { useCallback, useEffect, useImperativeHandle, useReducer, useRef } from "react";
import { messageOf } from "#shared/errors.ts";
import { Corner, Skeleton } from "../../../widgets/picture.tsx";
import type { ShownRow } from "../state/dedup.ts";
import type { Column } from "../state/columns.ts";
import { ListLayout } from "./list_layout.ts";
import { endPx, rowPx, stepped, usePlace } from "./list_place.ts";
import type { Page, RowSource } from "../state/line_store.ts";
import { LogRowView } from "./log_row.tsx";
import type { Highlighter } from "../state/line_text.ts";
import { lineKey } from "../state/line_key.ts";
import { NewLines, useNewLines, type News } from "./new_lines.tsx";
import { RowSlots } from "./row_slots.ts";

const overscanPx = 240;
/** Nearer to an end of what is loaded than this, the next page is asked for. */
const aheadRows = 250;
/** Rows further away are not counted. */
const countedMax = 4_000;

/** What the page does with the list by keys. */
export type ListHandle = {
  /** The line so many after the selected one, scrolled into view; the first in view where none is selected. */
  readonly step: (by: number) => ShownRow | undefined;
  readonly toStart: () => void;
};

type Props = {
  readonly store: RowSource;
  /** Where new lines come in, and the pane stays while it is there. */
  readonly follow: "start" | "end" | undefined;
  /** Where lines that are new come in, followed or not. */
  readonly news: News;
  readonly columns: readonly Column[];
  readonly wrap: boolean;
  readonly pretty: boolean;
  readonly highlight: Highlighter;
  readonly timeZone: string;
  readonly selected: string;
  readonly onSelect: (row: ShownRow) => void;
  readonly handle: React.Ref<ListHandle>;
};

/**
 * Lines in a pane of their own. Rows stand at computed heights and only those in view are in the document; pages are asked for
 * as one comes near. Whatever is put before what is read, the line that was at the top stays there.
 */
export function LogList(props: Props) {
  const { store, wrap, pretty, columns, selected, news } = props;
  const pane = useRef<HTMLDivElement>(null);
  const [, render] = useReducer((n: number) => n + 1, 0);
  const layout = new ListLayout([...store.pages], rowPx);
  const latest = useRef(layout);
  latest.current = layout;
  const isVariable = wrap || pretty;

  useForget(store, isVariable, columns.length, render);
  const { scrollTop = 0, clientHeight: viewPx = 600 } = pane.current ?? {};
  const shown = visibleRows(store, layout, scrollTop - overscanPx, scrollTop + viewPx + overscanPx);
  const slotOf = useSlots(shown);

  const onMoved = usePlace({
    pane,
    store,
    layout,
    selected,
    isVariable,
    follow: props.follow,
    render,
  });
  const newLines = useNewLines(pane, store, news);
  useLoading(store, shown, scrollTop);

  const onScroll = useCallback(() => {
    if (pane.current === null) return;
    onMoved(pane.current);
    render();
  }, [onMoved]);

  useResize(pane, render);
  useImperativeHandle(props.handle, () => ({
    step: (by) => stepped(store, latest.current, pane.current, selected, by),
    toStart: () => {
      pane.current?.scrollTo(0, 0);
    },
  }));

  return (
    <div className="logs-list">
      <div
        ref={pane}
        className={`logs-pane${wrap ? " wrap" : ""}${pretty ? " pretty" : ""}`}
        role="region"
        aria-label="Log lines"
        tabIndex={0}
        onScroll={onScroll}
      >
        <div className="logs-rows" role="list" style={{ height: layout.height }}>
          {shown.map((each, i) => (
            <Row key={slotOf[i]} {...props} {...each} full={isVariable} />
          ))}
        </div>
        {store.hasAfter && store.failure === undefined && <Skeleton rows={4} height={rowPx - 8} />}
      </div>
      <NewLines
        count={newLines}
        news={news}
        onGo={() => pane.current?.scrollTo(0, news === "end" ? layout.height : 0)}
      />
      {store.failure !== undefined && (
        <Corner state="failed" detail={messageOf(store.failure)}>
          more lines could not be loaded: {messageOf(store.failure)}
        </Corner>
      )}
    </div>
  );
}

function useSlots(shown: readonly Visible[]): readonly number[] {
  const slots = useRef<RowSlots>(undefined);
  slots.current ??= new RowSlots();
  return slots.current.assign(shown.map(({ page, row }) => `${page.id}/${row}`));
}

function useResize(pane: React.RefObject<HTMLElement | null>, render: () => void): void {
  useEffect(() => {
    if (pane.current === null) return;
    const observer = new ResizeObserver(() => render());
    observer.observe(pane.current);
    return () => observer.disconnect();
  }, [pane, render]);
}

type RowProps = Props & Visible & { readonly full: boolean };

function Row({
  page,
  index,
  row,
  top,
  full,
  columns,
  pretty,
  highlight,
  timeZone,
  selected,
  onSelect,
}: RowProps) {
  const one = page.rows?.[row];
  if (one === undefined)
    return (
      <div
        className="logs-row absent"
        role="listitem"
        style={{ transform: `translateY(${top}px)` }}
      />
    );
  return (
    <LogRowView
      shown={one}
      place={`${index}/${row}`}
      {...{ top, columns, pretty, full, highlight, timeZone, onSelect }}
      isSelected={selected !== "" && selected === lineKey(one.row)}
    />
  );
}

/** Asks for pages that are near, brings back those that are seen, drops those that are far. */
function useLoading(store: RowSource, shown: readonly Visible[], scrollTop: number): void {
  useEffect(() => {
    for (const { page } of shown) if (page.rows === undefined) void store.restore(page);
    const first = shown[0];
    const last = shown.at(-1);
    if (first === undefined || last === undefined) return;
    store.keepAround(first.index, last.index);
    if (store.failure !== undefined) return;
    if (isNear(store.pages.at(-1), rowsAfter(store, last))) void store.loadAfter();
    if (scrollTop > endPx && isNear(store.pages[0], 2 * rowsBefore(store, first)))
      void store.loadBefore();
  });
}

/** Long pages are asked for earlier: they take longer, and are those of one who scrolls fast. */
function isNear(edge: Page | undefined, rows: number): boolean {
  return rows < Math.max(aheadRows, (edge?.count ?? 0) / 2);
}

/** Heights that were measured with another look count no more. */
function useForget(
  store: RowSource,
  isVariable: boolean,
  columns: number,
  render: () => void,
): void {
  const look = `${isVariable} ${columns}`;
  const before = useRef(look);
  if (before.current !== look) {
    before.current = look;
    for (const page of store.pages) page.heights = undefined;
  }
  useEffect(() => {
    const forget = (): void => {
      for (const page of store.pages) page.heights = undefined;
      render();
    };
    if (!isVariable) return;
    addEventListener("resize", forget);
    return () => removeEventListener("resize", forget);
  }, [store, isVariable, render]);
}

type Visible = {
  readonly page: Page;
  readonly index: number;
  readonly row: number;
  readonly top: number;
};

function visibleRows(store: RowSource, layout: ListLayout, from: number, to: number): Visible[] {
  if (store.pages.length === 0) return [];
  const visible: Visible[] = [];
  const start = layout.at(Math.max(0, from));
  let { row } = start;
  for (let index = start.page; index < store.pages.length; index++, row = 0) {
    const page = store.pages[index];
    if (page === undefined) break;
    let top = layout.topOf(index, row);
    for (; row < page.count; row++) {
      if (top > to) return visible;
      visible.push({ page, index, row, top });
      top += page.heights?.[row] || rowPx;
    }
  }
  return visible;
}

function rowsAfter(store: RowSource, last: Visible): number {
  let rows = last.page.count - last.row;
  for (let i = last.index + 1; i < store.pages.length && rows < countedMax; i++)
    rows += store.pages[i]?.count ?? 0;
  return rows;
}

function rowsBefore(store: RowSource, first: Visible): number {
  let { row: rows } = first;
  for (let i = first.index - 1; i >= 0 && rows < countedMax; i--)
    rows += store.pages[i]?.count ?? 0;
  return rows;
}
