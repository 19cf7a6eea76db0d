import { OperatingError } from "#shared/errors.ts";
import type { MatrixSeries } from "../answer.ts";
import { absent } from "../promql/model/values.ts";
import type { MetricQuery } from "#shared/query_language/logql/ast.ts";
import { type LogScope, paceOf, tooManySeries } from "./limits.ts";
import { evaluateTree, vectorContext } from "./metric/vectors.ts";

export { type LogScope, type LogqlLimits, defaultLogqlLimits, logqlLimits } from "./limits.ts";
export { type LogEntry, selectRecords } from "./select.ts";

/** Evaluates at startMs, startMs + stepMs, ... endMs. A stepMs of 0 is one evaluation, at endMs. Unix milliseconds. */
export async function evaluateMetric(
  query: MetricQuery,
  times: { readonly startMs: number; readonly endMs: number; readonly stepMs: number },
  scope: LogScope,
): Promise<MatrixSeries[] | number> {
  const { startMs, endMs, stepMs } = times;
  const { pointsMax, seriesMax } = scope.limits;
  const count = stepMs === 0 ? 1 : Math.floor((endMs - startMs) / stepMs) + 1;
  if (count > pointsMax)
    throw new OperatingError(
      "bad_request",
      `exceeded maximum resolution of ${pointsMax.toLocaleString("en-US")} points per time series. Try increasing the value of the step parameter`,
      { limit: "points" },
    );
  const steps = Float64Array.from({ length: Math.max(0, count) }, (_, i) =>
    stepMs === 0 ? endMs : startMs + i * stepMs,
  );
  const pace = paceOf(scope);
  const context = vectorContext(steps, scope, pace);
  // Each series of a range aggregation that stands alone is one of the answer.
  const isAlone = query.kind === "range" && query.op !== "absent_over_time";
  const limits = isAlone ? { ...scope.limits, heldSeriesMax: seriesMax } : scope.limits;
  const result = await evaluateTree(query, {
    context,
    steps,
    scope: { ...scope, limits },
    pace,
  });
  if (typeof result === "number") return result;
  const series = result.filter(({ present }) => present.some((state) => state !== absent));
  if (series.length > seriesMax) throw tooManySeries(seriesMax);
  return series.map(({ labels, values, present }) => {
    const isPresent = (_: number, i: number): boolean => present[i] !== absent;
    return { labels, timestampsMs: steps.filter(isPresent), values: values.filter(isPresent) };
  });
}
