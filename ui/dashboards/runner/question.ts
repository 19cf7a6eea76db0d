import type { Panel, PanelQuery } from "#shared/dashboards/dashboard.ts";
import { parseDuration } from "#shared/text/duration.ts";
import type { Ask } from "../../frames/ask.ts";
import { type DataSource, isDataSource, languageOf } from "../../frames/data_source.ts";
import { defaultRange, windowOf, type TimeRange, type Window } from "../../state/time_range.ts";
import { globalVariables } from "../model/global_variables.ts";
import { interpolate, type VariableValue, type VariableValues } from "../model/interpolate.ts";
import { neededRefs } from "./expressions.ts";
import type { PaceStore } from "./pace_store.ts";
import { intervalOf, scrapeIntervalMs, stepMinOf } from "./step.ts";

/** What the panels of a page ask by. */
export type RunScope = {
  readonly range: TimeRange;
  /** browser, utc or an IANA name. */
  readonly timeZone: string;
  readonly variables: VariableValues;
  /** The expression with the page's label conditions in each of its selectors. */
  readonly filtered: (expr: string, source: DataSource) => string;
  readonly dashboard: { readonly title: string; readonly uid: string };
  /** How often samples come, as far as it is known. */
  readonly paces?: Pick<PaceStore, "metricsIn" | "paceOf" | "want">;
};

/** One query of a panel, filled in. What it asks is the same from refresh to refresh: the range stays relative. */
export type Question = Omit<Ask, "window"> & {
  /** Equal for questions with equal answers, but for their `ref`. */
  readonly key: string;
  readonly range: TimeRange;
  readonly shiftMs: number;
  readonly timeZone: string;
};

/** Wider panels than this gain nothing from more points. */
const pointsAtMost = 2_000;

/** The range of a panel: the page's, or its own. */
function rangeOf(panel: Panel, { range, variables }: RunScope): TimeRange {
  const from = panel.time?.from;
  if (from === undefined || from === "") return range;
  const text = interpolate(from, variables);
  return { from: text.startsWith("now") || /^\d+$/.test(text) ? text : `now-${text}`, to: "now" };
}

/** How far back in time a panel looks, in milliseconds. */
function shiftOf(panel: Panel, variables: VariableValues): number {
  const shift = panel.time?.shift;
  if (shift === undefined || shift === "") return 0;
  return parseDuration(interpolate(shift, variables).replace(/^-/, "")) ?? 0;
}

/** The range at one moment. Text that is no range counts as the default one. */
export function windowAt(
  { range, shiftMs, timeZone }: Pick<Question, "range" | "shiftMs" | "timeZone">,
  nowMs: number,
): Window {
  const window = windowOf(range, nowMs, timeZone) ?? windowOf(defaultRange, nowMs, timeZone);
  const { startMs, endMs } = window ?? { startMs: nowMs - 900_000, endMs: nowMs };
  return { startMs: startMs - shiftMs, endMs: endMs - shiftMs };
}

/** All of a panel at one moment: its window, its step, and the variables that its texts are filled in with. */
export type PanelMoment = {
  readonly range: TimeRange;
  readonly shiftMs: number;
  readonly window: Window;
  readonly stepMs: number;
  readonly variables: VariableValues;
  /** The metrics whose pace the step follows; none where the panel says its smallest step itself. */
  readonly paced: readonly string[];
};

/** `points` are the pixels of the panel's width. */
export function momentOf(
  panel: Panel,
  scope: RunScope,
  points: number,
  nowMs: number,
): PanelMoment {
  const range = rangeOf(panel, scope);
  const shiftMs = shiftOf(panel, scope.variables);
  const window = windowAt({ range, shiftMs, timeZone: scope.timeZone }, nowMs);
  const own = stepMinOf(filled(panel.step_min, scope.variables));
  const paced = own === undefined ? pacedBy(panel, scope) : [];
  const leastMs = own ?? scope.paces?.paceOf(paced, window.endMs) ?? scrapeIntervalMs;
  const stepped = steppedBy(leastMs, panel, scope, points, window);
  return { range, shiftMs, window, ...stepped, paced };
}

/** Metrics of all queries of the panel: one step for all, so that their points stand at the same times. */
function pacedBy(panel: Panel, { paces, variables }: RunScope): readonly string[] {
  if (paces === undefined) return [];
  const queries = panel.queries.filter(({ source }) => source === "metrics");
  return [
    ...new Set(
      queries.flatMap(({ expr }) => paces.metricsIn(interpolate(expr, variables, "promql"))),
    ),
  ];
}

/** The step where none is to be smaller than `leastMs`, and the variables that tell of it. */
function steppedBy(
  leastMs: number,
  panel: Panel,
  scope: RunScope,
  points: number,
  window: Window,
): Pick<PanelMoment, "stepMs" | "variables"> {
  const most = Math.min(panel.points_max ?? points, pointsAtMost);
  const { stepMs } = intervalOf(window, most, leastMs);
  return { stepMs, variables: withGlobals(scope, window, stepMs, leastMs) };
}

/** What a panel asks the aggregator at a moment. Hidden queries are asked where an expression needs them. */
export function questionsOf(
  panel: Panel,
  scope: RunScope,
  points: number,
  moment: PanelMoment,
): readonly Question[] {
  const needed = neededRefs(panel);
  const asked = panel.queries.filter(({ ref }) => needed.has(ref));
  const tables = asked.filter(({ format }) => format === "table").length;
  return asked.flatMap((query) =>
    instantsOf(panel, query).flatMap((instant) =>
      questionOf(panel, { ...query, instant }, scope, moment, points, tables > 1),
    ),
  );
}

/** Whether one value is asked, the range, or one after the other: nothing of a range is to be seen in a table. */
function instantsOf({ kind }: Panel, query: PanelQuery): readonly boolean[] {
  const { instant = false, range = false, format, source } = query;
  const isBoth = instant && range && source === "metrics";
  if (!isBoth) return [instant];
  return format === "table" || kind === "table" ? [true] : [false, true];
}

function questionOf(
  panel: Panel,
  query: PanelQuery,
  scope: RunScope,
  moment: PanelMoment,
  points: number,
  shared: boolean,
): Question[] {
  const { source } = query;
  if (!isDataSource(source)) return [];
  const { range, shiftMs } = moment;
  const own = stepMinOf(filled(query.step_min, scope.variables));
  const { stepMs, variables } =
    own === undefined ? moment : steppedBy(own, panel, scope, points, moment.window);
  const text = interpolate(query.expr, variables, languageOf(source));
  if (text.trim() === "") return [];
  const legend =
    query.legend === undefined ? undefined : interpolate(query.legend, variables, "text");
  const asks = {
    source,
    expr: scope.filtered(text, source),
    instant: query.instant === true,
    format: query.format,
    legend,
    stepMs,
    limit: query.limit,
    shared,
    range,
    shiftMs,
    timeZone: scope.timeZone,
  } as const;
  const key = JSON.stringify([asks, shared ? query.ref : ""]);
  return [{ ...asks, ref: query.ref, key }];
}

/** What is chosen, and Grafana's own variables of a window and a step. */
export function withGlobals(
  scope: RunScope,
  window: Window,
  stepMs: number,
  scrapeMs: number,
): VariableValues {
  const { timeZone, dashboard } = scope;
  const all = new Map<string, VariableValue>(scope.variables);
  const globals = globalVariables({ window, stepMs, scrapeMs, timeZone, dashboard });
  for (const [name, value] of globals) all.set(name, value);
  return all;
}

function filled(text: string | undefined, variables: VariableValues): string | undefined {
  return text === undefined ? undefined : interpolate(text, variables);
}
