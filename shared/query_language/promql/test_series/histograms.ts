import {
  type CounterResetHint,
  denseBuckets,
  type Histogram,
  sameCustomValues,
} from "../../../model/histogram.ts";
import { detectReset } from "../../../model/histogram_resets.ts";
import { addHistograms, subtractHistograms } from "../../../model/histogram_sum.ts";
import { parseGoFloatText } from "../../../text/exposition/go_float.ts";

/** A histogram of a script or test file. Its hint counts only where the script names one. */
export type HistogramPoint = { readonly histogram: Histogram; readonly hintGiven: boolean };
export type Point = number | "gap" | "stale" | HistogramPoint;

const hints: readonly CounterResetHint[] = ["unknown", "reset", "not_reset", "gauge"];

/** "{{schema:0 sum:5 count:4 buckets:[1 2 1]}}". */
export function parseHistogram(text: string): HistogramPoint {
  const fields = new Map<string, string>();
  for (const [, name = "", list, value] of text
    .slice(2, -2)
    .matchAll(/(\w+):(?:\[([^\]]*)\]|(\S+))/g))
    fields.set(name, (list ?? value ?? "").trim());
  const number = (name: string): number => {
    const value = parseGoFloatText(fields.get(name) ?? "0");
    if (value === undefined) throw new Error(`not a number: ${name} in ${text}`);
    return value;
  };
  const list = (name: string): number[] =>
    (fields.get(name) ?? "")
      .split(/\s+/)
      .filter((part) => part !== "")
      .map((part) => parseGoFloatText(part) ?? Number.NaN);
  const given = fields.get("counter_reset_hint");
  const counterResetHint = hints.find((hint) => hint === given) ?? "unknown";
  const histogram: Histogram = {
    schema: number("schema"),
    zeroThreshold: number("z_bucket_w"),
    zeroCount: number("z_bucket"),
    count: number("count"),
    sum: number("sum"),
    positive: denseBuckets(number("offset"), list("buckets")),
    negative: denseBuckets(number("n_offset"), list("n_buckets")),
    customValues: list("custom_values"),
    counterResetHint,
  };
  return { histogram, hintGiven: given !== undefined };
}

const shape = /^(\{\{.*?\}\})(?:([+-])(\{\{.*?\}\}))?(?:x(\d+))?$/;

/** "{{...}}", "{{...}}x3" (four of them) or "{{...}}+{{...}}x3" (the second is added from one to the next). */
export function parseHistograms(token: string): HistogramPoint[] | undefined {
  const [, first, sign, step, times] = shape.exec(token) ?? [];
  if (first === undefined) return undefined;
  let point = parseHistogram(first);
  const points = [point];
  const change = step === undefined ? undefined : parseHistogram(step);
  for (let i = 0; i < Number(times ?? 0); i++) {
    if (change !== undefined) {
      const combine = sign === "-" ? subtractHistograms : addHistograms;
      const next = combine(point.histogram, change.histogram);
      if (next === undefined) throw new Error(`kinds of buckets don't fit: ${token}`);
      point = { ...point, histogram: next.histogram };
    }
    points.push(point);
  }
  return points;
}

/**
 * Points as Prometheus's storage gives them back: a counter histogram that goes on from the one before in the same chunk is
 * known not to follow a reset; what begins a chunk (the first one, after a reset, another layout or another type of sample)
 * is of unknown state.
 */
export function asStored(points: readonly Point[]): Point[] {
  let previous: Histogram | undefined;
  return points.map((point) => {
    if (point === "gap") return point;
    if (typeof point !== "object") {
      previous = undefined;
      return point;
    }
    const { histogram } = point;
    const goesOn = previous !== undefined && appends(histogram, previous);
    previous = histogram;
    if (histogram.counterResetHint === "gauge") return point;
    const counterResetHint = goesOn ? "not_reset" : "unknown";
    return { ...point, histogram: { ...histogram, counterResetHint } };
  });
}

function appends(current: Histogram, previous: Histogram): boolean {
  return (
    previous.counterResetHint !== "gauge" &&
    current.counterResetHint !== "gauge" &&
    current.schema === previous.schema &&
    current.zeroThreshold === previous.zeroThreshold &&
    sameCustomValues(current.customValues, previous.customValues) &&
    !detectReset(current, previous)
  );
}
