import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useMemo, useRef } from "react";
import { showToast } from "../../overlays/toast.ts";
import { usePageRange } from "../../state/page_range.ts";
import { useKeys } from "../../state/keys.ts";
import { rangeWords } from "../../state/quick_ranges.ts";
import {
  defaultRefresh,
  shifted,
  windowOf,
  zoomedOut,
  type Window,
} from "../../state/time_range.ts";
import { copyText } from "../../widgets/copy_button.tsx";
import { rangeFromText, rangeToText } from "./range_text.ts";

export type TimeActions = {
  readonly shift: (direction: -1 | 1) => void;
  readonly zoomOut: () => void;
  /** Stops refreshing, or goes on as before. */
  readonly pause: () => void;
  readonly refreshNow: () => void;
  readonly copy: () => Promise<void>;
  readonly paste: () => Promise<void>;
};

/** What buttons, keys and the palette do with the page's time. */
export function useTimeActions(): TimeActions {
  const page = usePageRange();
  const queries = useQueryClient();
  const latest = useRef(page);
  latest.current = page;
  const before = useRef(defaultRefresh);
  useEffect(() => {
    if (page.refresh !== "off") before.current = page.refresh;
  }, [page.refresh]);
  return useMemo(() => {
    const move = (
      change: (window: Window, nowMs: number) => { from: string; to: string },
    ): void => {
      const nowMs = Date.now();
      const window = windowOf(latest.current.range, nowMs);
      if (window !== undefined) latest.current.setRange(change(window, nowMs));
    };
    return {
      shift: (direction) => move((window, nowMs) => shifted(window, direction, nowMs)),
      zoomOut: () => move(zoomedOut),
      pause: () => {
        const { refresh, setRefresh } = latest.current;
        setRefresh(refresh === "off" ? before.current : "off");
      },
      refreshNow: () => void queries.invalidateQueries(),
      copy: async () => {
        const { range, timeZone } = latest.current;
        if (!(await copyText(rangeToText(range)))) return;
        showToast({ state: "good", title: "Range copied", detail: rangeWords(range, timeZone) });
      },
      paste: async () => {
        const { timeZone, setRange } = latest.current;
        const text = await clipboardText();
        if (text === undefined) return;
        const range = rangeFromText(text, Date.now(), timeZone);
        if (range !== undefined) return setRange(range);
        const detail = `Expected {"from":"now-6h","to":"now"}, got "${text.slice(0, 60)}".`;
        showToast({ state: "bad", title: "The clipboard holds no range", detail });
      },
    };
  }, [queries]);
}

async function clipboardText(): Promise<string | undefined> {
  try {
    return await navigator.clipboard.readText();
  } catch {
    const detail = "Paste into the field From of the time range instead.";
    showToast({ state: "bad", title: "This browser refuses the clipboard", detail });
    return undefined;
  }
}

/** "t", then what to do with the time. */
export function useTimeKeys(actions: TimeActions, open: () => void): void {
  useKeys(
    "Time",
    [
      { keys: "t t", words: "Choose the time range", run: open },
      { keys: "t ←", words: "Shift back", run: () => actions.shift(-1) },
      { keys: "t →", words: "Shift forward", run: () => actions.shift(1) },
      { keys: "t z", words: "Zoom out", run: actions.zoomOut },
      { keys: "t c", words: "Copy the range", run: () => void actions.copy() },
      { keys: "t v", words: "Paste a range", run: () => void actions.paste() },
      { keys: "t p", words: "Stop or start updates", run: actions.pause },
      { keys: "t r", words: "Refresh now", run: actions.refreshNow },
    ],
    true,
  );
}
