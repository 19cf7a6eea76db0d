import { useMemo } from "react";
import { reduceNumber } from "../../frames/reduce.ts";

type Props = {
  readonly values: Float64Array;
  readonly width: number;
  readonly height: number;
  readonly color: string;
};

/** The history of a value along the bottom of its cell; gaps stay gaps. */
export function HistoryArea({ values, width, height, color }: Props) {
  const { line, area } = useMemo(() => pathsOf(values, width, height), [values, width, height]);
  return (
    <svg className="stat-history" width={width} height={height} aria-hidden="true">
      <path d={area} fill={color} fillOpacity={0.14} />
      <path d={line} fill="none" stroke={color} strokeOpacity={0.75} strokeWidth={1.5} />
    </svg>
  );
}

function pathsOf(values: Float64Array, width: number, height: number) {
  const min = reduceNumber(values, "min");
  const max = reduceNumber(values, "max");
  const top = height * 0.68;
  const y = (value: number): number =>
    max === min ? height - 6 : height - 3 - ((value - min) / (max - min)) * (height - top - 6);
  const step = width / Math.max(1, values.length - 1);
  let line = "";
  let area = "";
  let from: number | undefined;
  for (let i = 0; i <= values.length; i++) {
    const value = values[i] ?? Number.NaN;
    const x = (i * step).toFixed(1);
    if (Number.isFinite(value)) {
      const at = `${x} ${y(value).toFixed(1)}`;
      line += (from === undefined ? "M" : "L") + at;
      area += from === undefined ? `M${x} ${height}L${at}` : `L${at}`;
      from ??= i;
    } else if (from !== undefined) {
      area += `L${((i - 1) * step).toFixed(1)} ${height}Z`;
      from = undefined;
    }
  }
  return { line, area };
}
