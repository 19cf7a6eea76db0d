import { useLayoutEffect, useRef, useState } from "react";
import { formatCount } from "../../../units/format.ts";
import type { Page, RowSource } from "../state/line_store.ts";
import { endPx, isAtEnd } from "./list_place.ts";

/** Where new lines come in. */
export type News = "start" | "end" | undefined;

/** Counts lines that came in out of sight since the pane left the place where they do. To be called after what places the pane. */
export function useNewLines(
  pane: React.RefObject<HTMLElement | null>,
  store: RowSource,
  news: News,
): number {
  const [count, setCount] = useState(0);
  const seen = useRef<Page>(undefined);
  const of = useRef(store);
  useLayoutEffect(() => {
    if (of.current !== store) [of.current, seen.current] = [store, undefined];
    if (pane.current !== null && isThere(pane.current, news)) seen.current = edgeOf(store, news);
    setCount(seen.current === undefined ? 0 : newSince(store, news, seen.current));
  });
  return count;
}

type Props = { readonly count: number; readonly news: News; readonly onGo: () => void };

/** Tells of them, and leads to them. */
export function NewLines({ count, news = "start", onGo }: Props) {
  if (count === 0) return null;
  return (
    <button type="button" className={`logs-new-lines ${news}`} onClick={onGo}>
      {news === "start" ? "↑" : "↓"} {formatCount(count)} new {count === 1 ? "line" : "lines"}
    </button>
  );
}

function isThere(element: HTMLElement, news: News): boolean {
  return news === "end" ? isAtEnd(element) : element.scrollTop < endPx;
}

function edgeOf({ pages }: RowSource, news: News): Page | undefined {
  if (news === undefined) return undefined;
  return news === "start" ? pages[0] : pages.at(-1);
}

/** All there are where the page that was seen is no longer held. */
function newSince({ pages }: RowSource, news: News, seen: Page): number {
  const index = pages.indexOf(seen);
  const isNew = (i: number) => index < 0 || (news === "start" ? i < index : i > index);
  return pages.reduce((sum, { count }, i) => sum + (isNew(i) ? count : 0), 0);
}
