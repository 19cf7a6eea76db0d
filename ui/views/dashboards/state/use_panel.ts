import { useEffect, useMemo, useRef } from "react";
import type { Panel } from "#shared/dashboards/dashboard.ts";
import { applyFieldOptions } from "../../../dashboards/model/field_options.ts";
import { interpolate, type VariableValues } from "../../../dashboards/model/interpolate.ts";
import type { AnswerState, AnswerStore } from "../../../dashboards/runner/answer_store.ts";
import type { Complaint } from "../../../dashboards/runner/expressions.ts";
import {
  allMoments,
  allQuestions,
  answerOf,
  planOf,
  type PanelPlan,
} from "../../../dashboards/runner/panel_plan.ts";
import type { PanelMoment } from "../../../dashboards/runner/question.ts";
import { useAnswers } from "../../../dashboards/runner/use_answers.ts";
import type { Frame } from "../../../frames/frame.ts";
import { useBoard } from "./board_context.ts";

/** A panel's picture, and how it came about. */
export type PanelData = {
  /** Final: transformed, and with the options of the panel's fields. */
  readonly frames: readonly Frame[];
  /** Before transformations. */
  readonly raw: readonly Frame[];
  readonly moment: PanelMoment;
  readonly plan: PanelPlan;
  readonly states: readonly AnswerState[];
  readonly complaints: readonly Complaint[];
  /** Whether there is nothing yet to show. */
  readonly isLoading: boolean;
  /** Whether something is being asked. */
  readonly isAsking: boolean;
  /** When the oldest part of the picture came; 0 for none. */
  readonly answeredMs: number;
};

type Picture = Pick<PanelData, "frames" | "raw" | "moment" | "complaints">;

/**
 * Asks what a panel shows while it is in view. When the question changes, the last picture stays until the new one is whole;
 * when a refresh fails, it stays with the reason.
 */
export function usePanel(
  panel: Panel,
  scoped: VariableValues,
  width: number,
  isInView: boolean,
): PanelData {
  const { dashboard, store, scope, nowMs } = useBoard();
  const own = useMemo(
    () =>
      scoped.size === 0 ? scope : { ...scope, variables: new Map([...scope.variables, ...scoped]) },
    [scope, scoped],
  );
  const points = Math.max(100, Math.round(width));
  const plan = useMemo(
    () => planOf(dashboard, panel, own, points, nowMs),
    [dashboard, panel, own, points, nowMs],
  );
  const questions = useMemo(() => allQuestions(plan), [plan]);
  const states = useAnswers(store, questions, isInView && width > 0);
  const isWhole = states.every(
    ({ answered, error }) => answered !== undefined || error !== undefined,
  );
  useEffect(() => {
    if (!isWhole || !isInView) return;
    for (const { paced, window } of allMoments(plan)) own.paces?.want(paced, window.endMs);
  }, [isWhole, isInView, plan, own]);
  const last = useRef<Picture>(undefined);
  const current = useRef(plan);
  current.current = plan;
  const answers = useSame(states.flatMap(({ answered, error }) => [answered, error]));
  // Only what changes the picture makes a new one: not the time that passes, and not that something is asked.
  const picture = useMemo(() => {
    const before = last.current;
    if (!isWhole && before !== undefined) return before;
    const now = current.current;
    const { raw, frames, complaints } = answerOf(now, (key) => store.state(key));
    const optioned = applyFieldOptions(frames, filledField(panel, now.moment), panel.overrides);
    return { frames: optioned, raw, complaints, moment: withWindow(now, store) };
  }, [isWhole, answers, store, panel, own]);
  if (isWhole) last.current = picture;
  const isAsking = states.some(({ asking }) => asking);
  return useMemo(
    () => ({
      ...picture,
      plan,
      states,
      isLoading: !isWhole && last.current === undefined,
      isAsking,
      answeredMs: oldestOf(states),
    }),
    [picture, plan, states, isWhole, isAsking],
  );
}

function oldestOf(states: readonly AnswerState[]): number {
  return states.reduce(
    (oldest, { answeredMs }) => (oldest === 0 ? answeredMs : Math.min(oldest, answeredMs)),
    0,
  );
}

/** The list of the last time where this one holds the same. */
function useSame<T>(list: readonly T[]): readonly T[] {
  const last = useRef(list);
  const isSame =
    list.length === last.current.length && list.every((each, i) => each === last.current[i]);
  if (!isSame) last.current = list;
  return last.current;
}

/** The window that the answers are of: a chart ends where its data were asked to. */
function withWindow(plan: PanelPlan, store: AnswerStore): PanelMoment {
  const ends = allQuestions(plan).flatMap(({ key }) => store.state(key).answered?.window ?? []);
  const newest = ends.reduce<(typeof ends)[number] | undefined>(
    (best, window) => (best === undefined || window.endMs > best.endMs ? window : best),
    undefined,
  );
  return newest === undefined ? plan.moment : { ...plan.moment, window: newest };
}

/** Variables may stand in names and links of fields; units and numbers have none. */
function filledField(panel: Panel, { variables }: PanelMoment): Panel["field"] {
  const { display_name: name, unit } = panel.field;
  return {
    ...panel.field,
    ...(name === undefined ? {} : { display_name: interpolate(name, variables, "text") }),
    ...(unit === undefined ? {} : { unit: interpolate(unit, variables, "text") }),
  };
}
