import { useNavigate, useSearch } from "@tanstack/react-router";
import { useCallback, useMemo } from "react";
import { defaultRange, defaultRefresh, refreshInterval, type TimeRange } from "./time_range.ts";
import { useTimeZone } from "./time_zone.ts";
import type { PageRangeSearch } from "./url.ts";

export type PageRange = {
  readonly range: TimeRange;
  readonly refresh: string;
  /** Milliseconds between refreshes, 0 for none. */
  readonly intervalMs: number;
  /** "browser", "utc" or an IANA name; also in `range`. */
  readonly timeZone: string;
  readonly setRange: (range: TimeRange) => void;
  readonly setRefresh: (refresh: string) => void;
};

/** Sets some parameters of the page's URL and keeps the others; an empty text takes its parameter out. */
export function useSearchChange(): (
  change: Readonly<Record<string, string | readonly string[] | undefined>>,
  options?: { readonly replace: boolean },
) => void {
  const navigate = useNavigate();
  return useCallback(
    (change, options = { replace: true }) => {
      const search = (now: Readonly<Record<string, unknown>>) => ({ ...now, ...change });
      void navigate({ to: ".", replace: options.replace, search });
    },
    [navigate],
  );
}

/** The time range and refresh of the page, as the URL says. */
export function usePageRange(): PageRange {
  const search: PageRangeSearch = useSearch({ strict: false });
  const change = useSearchChange();
  const { from, to, refresh = defaultRefresh } = search;
  const timeZone = useTimeZone();
  const setRange = useCallback(
    (range: TimeRange) => change({ from: range.from, to: range.to }, { replace: false }),
    [change],
  );
  const setRefresh = useCallback((name: string) => change({ refresh: name }), [change]);
  return useMemo(() => {
    const range = { from: from ?? defaultRange.from, to: to ?? defaultRange.to, timeZone };
    const intervalMs = refreshInterval(range, refresh);
    return { range, refresh, intervalMs, timeZone, setRange, setRefresh };
  }, [from, to, refresh, timeZone, setRange, setRefresh]);
}
