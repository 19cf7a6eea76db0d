import { useEffect, useMemo, useState } from "react";
import type { Dashboard } from "#shared/dashboards/dashboard.ts";
import { withMatchers } from "../../../dashboards/model/matchers.ts";
import { filtersOf, valuesOf } from "../../../dashboards/model/variables.ts";
import { AnswerStore } from "../../../dashboards/runner/answer_store.ts";
import type { RunScope } from "../../../dashboards/runner/question.ts";
import { askFrames } from "../../../frames/ask.ts";
import { withNextFrame } from "../../../state/next_frame.ts";
import type { TimeRange } from "../../../state/time_range.ts";
import { usePaces } from "./use_paces.ts";
import type { VariableStates } from "./use_variables.ts";

/** What the panels ask by. A new one when a choice, the range, the time zone or the pace of a metric changes. */
export function useRunScope(
  uid: string,
  dashboard: Dashboard,
  states: VariableStates | undefined,
  range: TimeRange,
  timeZone: string,
): RunScope {
  const { title } = dashboard;
  const { from, to } = range;
  const { paces, version } = usePaces();
  return useMemo(() => {
    void version;
    const filters = filtersOf(states ?? new Map());
    return {
      range: { from, to, timeZone },
      timeZone,
      variables: valuesOf(states ?? new Map()),
      filtered: (expr, source) =>
        filters.length === 0 ? expr : withMatchers(expr, source, filters),
      dashboard: { title, uid },
      paces,
    };
  }, [uid, title, states, from, to, timeZone, paces, version]);
}

/** The answers of the page, asked anew at each tick while the page is looked at. Gives the time of the last tick. */
export function useAnswerStore(everyMs: number): { store: AnswerStore; nowMs: number } {
  const [store] = useState(() => new AnswerStore({ ask: askFrames, soon: withNextFrame }));
  const [nowMs, setNowMs] = useState(() => Date.now());
  useEffect(() => {
    const tick = (): void => {
      if (document.visibilityState === "hidden") return;
      setNowMs(Date.now());
      if (everyMs > 0) store.refresh();
    };
    const timer = setInterval(tick, everyMs > 0 ? everyMs : 30_000);
    document.addEventListener("visibilitychange", tick);
    return () => {
      clearInterval(timer);
      document.removeEventListener("visibilitychange", tick);
    };
  }, [store, everyMs]);
  return { store, nowMs };
}
