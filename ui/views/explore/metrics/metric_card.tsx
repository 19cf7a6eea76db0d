import { useMemo } from "react";
import type { FoundMetric } from "../../../client/search.ts";
import { formatUnit } from "../../../units/units.ts";
import type { Matcher } from "../../../promql/expr.ts";
import { queryFor, queryWords } from "../default_query.ts";
import { kindWords, unitOf } from "../metric_words.ts";
import { useFrames } from "./use_frames.ts";

const points = 60;
const [width, height] = [240, 56] as const;

type Props = {
  readonly metric: FoundMetric;
  readonly where: readonly Matcher[];
  readonly onOpen: () => void;
};

/** One metric as a small picture; it opens its page. */
export function MetricCard({ metric, where, onOpen }: Props) {
  const answer = useFrames(queryFor(metric, where), points);
  const values = answer.data?.frames.find(({ length }) => length > 0)?.fields.at(-1)?.values;
  const line = useMemo(
    () => (values instanceof Float64Array ? pathOf(values) : undefined),
    [values],
  );
  return (
    <button type="button" className="metric-card" onClick={onOpen} title={metric.help}>
      <span className="metric-name">{metric.name}</span>
      <span className="metric-card-line">
        <span className="quiet clip">
          {[kindWords(metric), queryWords(metric)].filter((word) => word !== "").join(", ")}
        </span>
        <strong>{line === undefined ? "" : formatUnit(line.last, unitOf(metric))}</strong>
      </span>
      {line === undefined && answer.isFetching ? (
        <span className="bone" />
      ) : line === undefined ? (
        <span className="quiet metric-card-empty">
          {answer.isError ? "not answered" : "no value in this range"}
        </span>
      ) : (
        <svg viewBox={`0 0 ${width} ${height}`} preserveAspectRatio="none" aria-hidden="true">
          <path d={line.path} vectorEffect="non-scaling-stroke" />
        </svg>
      )}
    </button>
  );
}

/** From the least to the greatest value: a shape, not a scale. Undefined without a value. */
function pathOf(
  values: Float64Array,
): { readonly path: string; readonly last: number } | undefined {
  const known = values.filter(Number.isFinite);
  if (known.length === 0) return undefined;
  const [min, max] = [Math.min(...known), Math.max(...known)];
  const span = max - min;
  let [path, pen] = ["", "M"];
  values.forEach((value, i) => {
    if (!Number.isFinite(value)) {
      pen = "M";
      return;
    }
    const x = (i / Math.max(1, values.length - 1)) * width;
    const y = span === 0 ? height / 2 : height - 2 - ((value - min) / span) * (height - 4);
    path += `${pen}${x.toFixed(1)} ${y.toFixed(1)}`;
    pen = "L";
  });
  return { path, last: known.at(-1) ?? Number.NaN };
}
