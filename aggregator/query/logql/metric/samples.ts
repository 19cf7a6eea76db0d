import type { Pace } from "../limits.ts";
import { quantileOf } from "../../promql/model/kahan.ts";

/** Samples of a series in the order they came: for the functions that have to look at all of a window. */
export type SampleList = {
  times: Float64Array;
  values: Float64Array;
  length: number;
  isSorted: boolean;
};

export function newSampleList(): SampleList {
  return { times: new Float64Array(16), values: new Float64Array(16), length: 0, isSorted: true };
}

export function addSample(list: SampleList, timeMs: number, value: number): void {
  const { length } = list;
  if (length === list.times.length) {
    list.times = grown(list.times);
    list.values = grown(list.values);
  }
  if (length > 0 && timeMs < (list.times[length - 1] ?? 0)) list.isSorted = false;
  list.times[length] = timeMs;
  list.values[length] = value;
  list.length++;
}

function grown(column: Float64Array): Float64Array {
  const larger = new Float64Array(column.length * 2);
  larger.set(column);
  return larger;
}

/** The samples by time. */
function sorted({ times, values, length, isSorted }: SampleList) {
  if (isSorted) return { times: times.subarray(0, length), values: values.subarray(0, length) };
  const order = Uint32Array.from({ length }, (_, i) => i).toSorted(
    (a, b) => (times[a] ?? 0) - (times[b] ?? 0) || a - b,
  );
  return {
    times: Float64Array.from(order, (i) => times[i] ?? 0),
    values: Float64Array.from(order, (i) => values[i] ?? 0),
  };
}

/** What a window's samples, which there is one of at least, come to. `endMs` is the window's. */
export type WindowFunction = (times: Float64Array, values: Float64Array, endMs: number) => number;

/** Samples that are looked at before the clock is. */
const samplesAtOnce = 100_000;

export async function fillFromSamples(
  list: SampleList,
  fn: WindowFunction,
  windows: { readonly steps: Float64Array; readonly rangeMs: number; readonly offsetMs: number },
  into: { readonly values: Float64Array; readonly present: Uint8Array },
  pace: Pace,
): Promise<void> {
  const { times, values } = sorted(list);
  let [from, to, looked] = [0, 0, 0];
  for (const [i, step] of windows.steps.entries()) {
    const endMs = step - windows.offsetMs;
    while (to < times.length && (times[to] ?? 0) <= endMs) to++;
    while (from < to && (times[from] ?? 0) <= endMs - windows.rangeMs) from++;
    if (from === to) continue;
    looked += to - from;
    if (looked > samplesAtOnce) {
      looked = 0;
      await pace.breathe();
    }
    into.present[i] = 1;
    into.values[i] = fn(times.subarray(from, to), values.subarray(from, to), endMs);
  }
}

/** quantile_over_time: between the two nearest, as Prometheus has it. */
export function quantile(q: number): WindowFunction {
  return (_times, values) => quantileOf(q, values.slice());
}

/**
 * rate_counter: Prometheus's rate() over the values, resets and extrapolation to the window's bounds included; 0 where there is one
 * sample alone.
 */
export function counterRate(rangeMs: number): WindowFunction {
  return (times, values, endMs) => {
    const last = values.length - 1;
    if (last < 1) return 0;
    const first = values[0] ?? 0;
    let increase = (values[last] ?? 0) - first;
    let before = 0;
    for (const value of values) {
      if (value < before) increase += before;
      before = value;
    }
    const sampledMs = (times[last] ?? 0) - (times[0] ?? 0);
    const meanMs = sampledMs / last;
    const threshold = meanMs * 1.1;
    let toStart = (times[0] ?? 0) - (endMs - rangeMs);
    let toEnd = endMs - (times[last] ?? 0);
    if (toStart >= threshold) toStart = meanMs / 2;
    // A counter can't have been below zero.
    if (increase > 0 && first >= 0) toStart = Math.min(toStart, sampledMs * (first / increase));
    if (toEnd >= threshold) toEnd = meanMs / 2;
    return (increase * ((sampledMs + toStart + toEnd) / sampledMs)) / (rangeMs / 1_000);
  };
}
