import type { Dashboard } from "#shared/dashboards/dashboard.ts";
import type { Ask } from "../../frames/ask.ts";
import { isDataSource, languageOf } from "../../frames/data_source.ts";
import type { Window } from "../../state/time_range.ts";
import { interpolate } from "../model/interpolate.ts";
import { withGlobals, type RunScope } from "./question.ts";
import { intervalOf, scrapeIntervalMs, stepMinOf } from "./step.ts";

/** Annotations need no finer times than a chart has pixels. */
const points = 500;
const linesMax = 200;

/** What an annotation's expression asks of a window, filled in; undefined of those that ask nothing. */
export function annotationQuestion(
  { name, source, expr, step }: Dashboard["annotations"][number],
  scope: RunScope,
  window: Window,
): Ask | undefined {
  if (!isDataSource(source) || expr.trim() === "") return undefined;
  const least = stepMinOf(step) ?? scrapeIntervalMs;
  const { stepMs } = intervalOf(window, points, least);
  const variables = withGlobals(scope, window, stepMs, least);
  return {
    ref: name,
    source,
    expr: scope.filtered(interpolate(expr, variables, languageOf(source)), source),
    instant: false,
    format: "time_series",
    legend: undefined,
    window,
    stepMs,
    limit: linesMax,
  };
}
