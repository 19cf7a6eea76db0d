import {
  type Histogram,
  type HistogramColumn,
  sameCustomValues,
  usesCustomBuckets,
} from "./histogram.ts";
import {
  commonBounds,
  type Layout,
  layoutOf,
  reduceBounds,
  reduceResolution,
  widenZero,
} from "./histogram_layout.ts";

/**
 * Whether a counter histogram was reset since `previous`: its own hint says so, or its count or the count of any bucket is
 * lower, or its layout is finer than an unbroken counter's can become.
 */
export function detectReset(current: Histogram, previous: Histogram): boolean {
  if (current.counterResetHint === "reset") return true;
  if (current.counterResetHint === "not_reset") return false;
  if (current.count < previous.count) return true;
  const custom = usesCustomBuckets(current);
  if (custom !== usesCustomBuckets(previous)) return true;
  const now = layoutOf(current);
  const before = layoutOf(previous);
  if (custom) {
    if (sameCustomValues(current.customValues, previous.customValues)) {
      return anyLower(now.positive, before.positive);
    }
    const bounds = commonBounds(current.customValues, previous.customValues);
    return anyLower(reduceBounds(now, bounds).positive, reduceBounds(before, bounds).positive);
  }
  if (current.schema > previous.schema || current.zeroThreshold < previous.zeroThreshold) {
    return true;
  }
  const widened = widenZero(before, current.zeroThreshold);
  if (widened.zeroThreshold !== current.zeroThreshold) return true;
  if (current.zeroCount < (widened.zero[0] ?? 0)) return true;
  const reduced = reduceResolution(widened, current.schema);
  return anyLower(now.positive, reduced.positive) || anyLower(now.negative, reduced.negative);
}

type Side = Layout["positive"];

function anyLower(now: Side, before: Side): boolean {
  const [counts, earlier] = [now.columns[0], before.columns[0]];
  for (let i = 0, at = 0; i < before.indices.length; i++) {
    const index = before.indices[i] ?? 0;
    while (at < now.indices.length && (now.indices[at] ?? 0) < index) at++;
    const count = now.indices[at] === index ? (counts?.[at] ?? 0) : 0;
    if (count < (earlier?.[i] ?? 0)) return true;
  }
  return false;
}

/** The column with what is not known of counter resets found out from each histogram and the one before it. */
export function withDetectedResets(column: HistogramColumn): HistogramColumn {
  let previous: Histogram | undefined;
  return column.map((current) => {
    const before = previous;
    if (current !== undefined) previous = current;
    if (current === undefined || before === undefined) return current;
    if (current.counterResetHint !== "unknown") return current;
    return { ...current, counterResetHint: detectReset(current, before) ? "reset" : "not_reset" };
  });
}
