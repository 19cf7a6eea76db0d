import { useEffect, useMemo, useRef, useSyncExternalStore } from "react";
import { queryRows } from "../../../client/logs.ts";
import type { Window } from "../../../state/time_range.ts";
import type { Dedup } from "./dedup.ts";
import { nsOfKey } from "./line_key.ts";
import { LineStore, type Order } from "./line_store.ts";

type Request = {
  readonly query: string;
  readonly window: Window;
  readonly rangeKey: string;
  readonly order: Order;
  readonly dedup: Dedup;
  /** The line that is selected, and is to be in view. */
  readonly line: string;
};

const retryMs = 3_000;

/** The store of a query's lines. A moving range keeps its store and extends it; anything else begins anew. */
export function useLines(request: Request): LineStore {
  const { query, window, rangeKey, order, dedup, line } = request;
  // Selecting another line is no new list; where there is a new one, it begins at the line that is selected.
  const current = useRef({ window, line });
  current.current = { window, line };
  const store = useMemo(() => {
    const { startMs, endMs } = current.current.window;
    const anchor = nsOfKey(current.current.line);
    const startNs = nsOf(startMs);
    const endNs = nsOf(endMs + 1);
    const isInside = anchor !== undefined && anchor >= startNs && anchor < endNs;
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
