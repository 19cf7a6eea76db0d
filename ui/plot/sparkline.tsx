import { useMemo } from "react";

const width = 44;
const height = 20;

type Props = {
  readonly values: Float64Array | undefined;
  /** The top of the picture where it is fixed, such as 100 for a percentage; else the largest value. */
  readonly max?: number;
};

/** A line as small as a word: one path, no axes, gaps kept. The number beside it says the value. */
export function Sparkline({ values, max }: Props) {
  const path = useMemo(() => (values === undefined ? "" : pathOf(values, max)), [values, max]);
  return (
    <svg className="sparkline" width={width} height={height} aria-hidden="true">
      <path d={path} />
    </svg>
  );
}

function pathOf(values: Float64Array, fixedMax: number | undefined): string {
  let top = fixedMax ?? 0;
  if (fixedMax === undefined) for (const value of values) if (value > top) top = value;
  if (top === 0) top = 1;
  const dx = (width - 2) / Math.max(1, values.length - 1);
  let path = "";
  let pen = "M";
  for (let i = 0; i < values.length; i++) {
    const value = values[i] ?? Number.NaN;
    if (!Number.isFinite(value)) {
      pen = "M";
      continue;
    }
    const y = height - 2 - (Math.max(0, Math.min(value, top)) / top) * (height - 4);
    path += `${pen}${(1 + i * dx).toFixed(1)} ${y.toFixed(1)}`;
    pen = "L";
  }
  return path;
}
