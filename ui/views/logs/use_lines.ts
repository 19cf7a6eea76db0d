import { useEffect, useMemo, useRef, useSyncExternalStore } from "react";
import { queryRows } from "../../client/logs.ts";
import type { Window } from "../../state/time_range.ts";
import type { Dedup } from "./dedup.ts";
import { nsOfKey } from "./line_key.ts";
import { LineStore, type Order } from "./line_store.ts";

type Request = {
  readonly query: string;
  readonly window: Window;
  readonly rangeKey: string;
  readonly order: Order;
  readonly dedup: Dedup;
  /** The line of the link that was opened. */
  readonly line: string;
};

const retryMs = 3_000;

/** The store of a query's lines. A moving range keeps its store and extends it; anything else begins anew. */
export function useLines(request: Request): LineStore {
  const { query, window, rangeKey, order, dedup, line } = request;
  // Selecting another line must not begin anew: only the line that the page was opened with, or one out of sight, is a beginning.
  const opened = useRef(line);
  const current = useRef(window);
  current.current = window;
  const store = useMemo(() => {
    const { startMs, endMs } = current.current;
    const anchor = nsOfKey(opened.current);
    const startNs = nsOf(startMs);
    const endNs = nsOf(endMs + 1);
    const isInside = anchor !== undefined && anchor >= startNs && anchor < endNs;
    opened.current = "";
    return new LineStore({
      fetch: (page) => queryRows({ ...page, query }),
      startNs,
      endNs,
      order,
      dedup,
      anchorNs: isInside ? anchor : undefined,
    });
    // rangeKey stands for the window: a tick of the clock is no new list.
  }, [query, rangeKey, order, dedup]);
  useEffect(() => {
    void store.loadAfter().then(() => store.loadBefore());
    return () => store.close();
  }, [store]);
  const version = useSyncExternalStore(store.subscribe, store.version);
  useEffect(() => {
    if (store.failure === undefined) return;
    const timer = setTimeout(() => void store.loadAfter(), retryMs);
    return () => clearTimeout(timer);
  }, [store, version]);
  return store;
}

export function nsOf(ms: number): bigint {
  return BigInt(Math.floor(ms)) * 1_000_000n;
}
