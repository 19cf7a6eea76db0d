import {
  useCallback,
  useEffect,
  useImperativeHandle,
  useLayoutEffect,
  useReducer,
  useRef,
} from "react";
import { messageOf } from "#shared/errors.ts";
import { Corner, Skeleton } from "../../widgets/picture.tsx";
import type { ShownRow } from "./dedup.ts";
import type { Column } from "./columns.ts";
import { ListLayout } from "./list_layout.ts";
import type { Page, RowSource } from "./line_store.ts";
import { LogRowView } from "./log_row.tsx";
import type { Highlighter } from "./line_text.ts";
import { lineKey } from "./line_key.ts";
import { RowSlots } from "./row_slots.ts";

/** Height of a line that is not wrapped. */
const rowPx = 24;
const overscanPx = 240;
/** Nearer to an end of what is loaded than this, the next page is asked for. */
const aheadRows = 250;
const endPx = 4;

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
  readonly columns: readonly Column[];
  readonly wrap: boolean;
  readonly pretty: boolean;
  readonly highlight: Highlighter;
  readonly timeZone: string;
  readonly selected: string;
  readonly onSelect: (row: ShownRow) => void;
  readonly handle: React.Ref<ListHandle>;
};

type Place = { readonly page: Page; readonly row: number; readonly offset: number };

/**
 * Lines in a pane of their own. Rows stand at computed heights and only those in view are in the document; pages are asked for
 * as one comes near. Whatever is put before what is read, the line that was at the top stays there.
 */
export function LogList(props: Props) {
  const { store, wrap, pretty, columns, selected } = props;
  const pane = useRef<HTMLDivElement>(null);
  const [, render] = useReducer((n: number) => n + 1, 0);
  const unsettled = useRef<Place | undefined>(undefined);
  const wished = useRef(selected);
  const layout = new ListLayout([...store.pages], rowPx);
  const drawn = useRef(layout);
  const latest = useRef(layout);
  latest.current = layout;
  const isVariable = wrap || pretty;
  const atEnd = useRef(true);

  useForget(store, isVariable, columns.length, render);
  const { scrollTop = 0, clientHeight: viewPx = 600 } = pane.current ?? {};
  const shown = visibleRows(store, layout, scrollTop - overscanPx, scrollTop + viewPx + overscanPx);
  const slotOf = useSlots(shown);

  useLayoutEffect(() => {
    const element = pane.current;
    if (element === null) return;
    // What was at the top as it was drawn before is to be there again, whatever came in above it or turned out to be of another height.
    const place = unsettled.current ?? anchorAt(drawn.current, element.scrollTop);
    if (isVariable && measure(element, store)) {
      unsettled.current = place;
      render();
      return;
    }
    [unsettled.current, drawn.current] = [undefined, layout];
    const top = placeOf(layout, place);
    if (wished.current !== "" && scrollToKey(element, store, layout, wished.current))
      wished.current = "";
    else if (props.follow === "end" && atEnd.current) element.scrollTop = element.scrollHeight;
    else if (top !== undefined && Math.abs(top - element.scrollTop) >= 1) element.scrollTop = top;
  });

  useLoading(store, shown, scrollTop);

  const onScroll = useCallback(() => {
    if (pane.current === null) return;
    atEnd.current = isAtEnd(pane.current);
    render();
  }, []);

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
      {store.failure !== undefined && (
        <Corner state="failed" detail={messageOf(store.failure)}>
          more lines could not be loaded: {messageOf(store.failure)}
        </Corner>
      )}
    </div>
  );
}

function isAtEnd({ scrollHeight, scrollTop, clientHeight }: HTMLElement): boolean {
  return scrollHeight - scrollTop - clientHeight < rowPx;
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
    if (rowsAfter(store, last) < aheadRows) void store.loadAfter();
    if (scrollTop > endPx && rowsBefore(store, first) < aheadRows / 2) void store.loadBefore();
  });
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
  for (let i = last.index + 1; i < store.pages.length && rows < aheadRows; i++)
    rows += store.pages[i]?.count ?? 0;
  return rows;
}

function rowsBefore(store: RowSource, first: Visible): number {
  let { row: rows } = first;
  for (let i = first.index - 1; i >= 0 && rows < aheadRows; i--) rows += store.pages[i]?.count ?? 0;
  return rows;
}

/** Notes heights of rows in the document; whether any was news. */
function measure(element: HTMLElement, store: RowSource): boolean {
  let isNews = false;
  for (const row of element.querySelectorAll<HTMLElement>("[data-place]")) {
    const [index = 0, i = 0] = (row.dataset["place"] ?? "").split("/").map(Number);
    const page = store.pages[index];
    if (page === undefined) continue;
    page.heights ??= new Float32Array(page.count);
    const height = row.offsetHeight;
    if (height === 0 || page.heights[i] === height) continue;
    page.heights[i] = height;
    isNews = true;
  }
  return isNews;
}

function anchorAt(layout: ListLayout, scrollTop: number): Place | undefined {
  // At the very top what is new pushes down what is there.
  if (scrollTop < endPx) return undefined;
  const at = layout.at(scrollTop);
  const page = layout.pages[at.page];
  if (page === undefined) return undefined;
  return { page, row: at.row, offset: scrollTop - layout.topOf(at.page, at.row) };
}

function placeOf(layout: ListLayout, place: Place | undefined): number | undefined {
  if (place === undefined) return undefined;
  const index = layout.pages.indexOf(place.page);
  if (index < 0) return undefined;
  return layout.topOf(index, Math.min(place.row, place.page.count - 1)) + place.offset;
}

function findKey(store: RowSource, key: string): { index: number; row: number } | undefined {
  for (const [index, { rows }] of store.pages.entries()) {
    const row =
      rows?.findIndex((one) => key.startsWith(one.row.ns) && lineKey(one.row) === key) ?? -1;
    if (row >= 0) return { index, row };
  }
  return undefined;
}

function scrollToKey(
  element: HTMLElement,
  store: RowSource,
  layout: ListLayout,
  key: string,
): boolean {
  // What stands before the line comes second: only then is its place the final one.
  if (store.pages.length < 2 && store.hasBefore) return false;
  const found = findKey(store, key);
  if (found === undefined) return false;
  element.scrollTop = layout.topOf(found.index, found.row) - element.clientHeight / 3;
  return true;
}

function stepped(
  store: RowSource,
  layout: ListLayout,
  element: HTMLElement | null,
  selected: string,
  by: number,
): ShownRow | undefined {
  if (element === null || store.pages.length === 0) return undefined;
  const from = selected === "" ? undefined : findKey(store, selected);
  let { page: index, row } = layout.at(element.scrollTop + (from === undefined ? 0 : 1));
  if (from !== undefined) [index, row] = [from.index, from.row + by];
  while (row < 0 && index > 0) row += store.pages[--index]?.count ?? 0;
  while (row >= (store.pages[index]?.count ?? 0) && index < store.pages.length - 1)
    row -= store.pages[index++]?.count ?? 0;
  const page = store.pages[index];
  const one = page?.rows?.[row];
  if (page === undefined || one === undefined) return undefined;
  const top = layout.topOf(index, row);
  const height = page.heights?.[row] || rowPx;
  if (top < element.scrollTop) element.scrollTop = top;
  else if (top + height > element.scrollTop + element.clientHeight)
    element.scrollTop = top + height - element.clientHeight;
  return one;
}
