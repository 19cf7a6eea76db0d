import { useEffect, useMemo, useState } from "react";
import { assert } from "#shared/assert.ts";
import { usePageRange } from "../../../state/page_range.ts";
import { defaultRange, stepOf, windowOf, type Window } from "../../../state/time_range.ts";

/** Counting lines costs more than reading numbers: more often is not asked. */
const everyMinMs = 5_000;
const slowMs = 30_000;
const barsMax = 100;

/** The page's range as of its last refresh. It moves at the page's pace, and when asked to. */
export function useLogWindow(): {
  readonly window: Window;
  readonly stepMs: number;
  readonly follows: boolean;
  /** Names the range itself, which stays while the window moves. */
  readonly rangeKey: string;
  /** The same, new every so often while the window moves: for what is dear to ask. */
  readonly slowKey: string;
  readonly refresh: () => void;
} {
  const { range, intervalMs } = usePageRange();
  const [nowMs, setNowMs] = useState(() => Date.now());
  useEffect(() => {
    setNowMs(Date.now());
    if (intervalMs === 0) return;
    const tick = () => {
      if (document.visibilityState === "visible") setNowMs(Date.now());
    };
    const timer = setInterval(tick, Math.max(everyMinMs, intervalMs));
    return () => clearInterval(timer);
  }, [intervalMs, range]);
  return useMemo(() => {
    const window = windowOf(range, nowMs) ?? windowOf(defaultRange, nowMs);
    assert(window !== undefined, "the default range is a range");
    const rangeKey = `${range.from} ${range.to} ${range.timeZone ?? ""}`;
    return {
      window,
      stepMs: stepOf(window, barsMax),
      follows: range.to === "now",
      rangeKey,
      slowKey: `${rangeKey} ${Math.floor(nowMs / slowMs)}`,
      refresh: () => setNowMs(Date.now()),
    };
  }, [range, nowMs]);
}
