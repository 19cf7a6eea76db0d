import { useCallback, useLayoutEffect, useRef } from "react";
import type { ShownRow } from "../state/dedup.ts";
import { lineKey } from "../state/line_key.ts";
import type { Page, RowSource } from "../state/line_store.ts";
import type { ListLayout } from "./list_layout.ts";

/** Height of a line that is not wrapped. */
export const rowPx = 24;
/** Nearer to the top than this is at the top. */
export const endPx = 4;

type Place = { readonly page: Page; readonly row: number; readonly offset: number };

type Setup = {
  readonly pane: React.RefObject<HTMLDivElement | null>;
  readonly store: RowSource;
  readonly layout: ListLayout;
  readonly selected: string;
  readonly isVariable: boolean;
  readonly follow: "start" | "end" | undefined;
  readonly render: () => void;
};

/**
 * Keeps what is read where it is, whatever comes in above it or turns out to be of another height. At the very top what is new pushes
 * down what is there, but not while one line is open; once that is closed, the list is at the top again. Gives what is to be called as
 * the pane has been scrolled.
 */
export function usePlace(setup: Setup): (element: HTMLElement) => void {
  const { pane, store, layout, selected, isVariable, follow, render } = setup;
  const unsettled = useRef<Place>(undefined);
  const wished = useWished(store, selected);
  const drawn = useRef(layout);
  const atEnd = useRef(true);
  /** Where the list left the top for a line that is open, and where it stands because of that. */
  const heldAt = useRef<number>(undefined);

  useLayoutEffect(() => {
    const element = pane.current;
    if (element === null) return;
    const isOpen = selected !== "";
    const place = unsettled.current ?? anchorAt(drawn.current, element.scrollTop, isOpen);
    if (isVariable && measure(element, store)) {
      unsettled.current = place;
      render();
      return;
    }
    [unsettled.current, drawn.current] = [undefined, layout];
    const top = placeOf(layout, place);
    if (wished.current !== "" && scrollToKey(element, store, layout, wished.current))
      wished.current = "";
    else if (follow === "end" && atEnd.current && !isOpen) element.scrollTop = element.scrollHeight;
    else if (!isOpen && heldAt.current !== undefined) {
      element.scrollTop = 0;
      heldAt.current = undefined;
    } else if (top !== undefined && Math.abs(top - element.scrollTop) >= 1) {
      const isHeld = heldAt.current !== undefined || (isOpen && element.scrollTop < endPx);
      element.scrollTop = top;
      heldAt.current = isHeld ? element.scrollTop : undefined;
    }
  });

  return useCallback((element) => {
    atEnd.current = isAtEnd(element);
    if (heldAt.current !== undefined && Math.abs(element.scrollTop - heldAt.current) >= 1)
      heldAt.current = undefined;
  }, []);
}

/** The line that is to be scrolled to: the one selected as a list begins. */
function useWished(store: RowSource, selected: string): React.RefObject<string> {
  const wished = useRef(selected);
  const before = useRef(store);
  if (before.current !== store) {
    before.current = store;
    wished.current = selected;
  }
  return wished;
}

export function isAtEnd({ scrollHeight, scrollTop, clientHeight }: HTMLElement): boolean {
  return scrollHeight - scrollTop - clientHeight < rowPx;
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

function anchorAt(layout: ListLayout, scrollTop: number, isOpen: boolean): Place | undefined {
  if (scrollTop < endPx && !isOpen) return undefined;
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

/** The line so many after the selected one, scrolled into view. */
export function stepped(
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
