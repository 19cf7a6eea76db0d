import type { Edges } from "#shared/query_language/promql/ast.ts";
import { executionError } from "#shared/query_language/promql/errors.ts";
import { extendedHistogramDifference } from "./extended_histograms.ts";
import { type HistogramWindowFunction, histogramWindows } from "./histogram_windows.ts";
import { edgePlaces, edgeValues } from "./interpolate.ts";
import * as rates from "./rate.ts";
import {
  type RangeInput,
  type RangeSeries,
  type Window,
  type WindowFunction,
  noValue,
  timeAt,
  valueAt,
} from "../model/window.ts";

/**
 * Range functions over extended selectors (Prometheus's docs/feature_flags.md, "Extended Range Selectors", and its proposal
 * 2025-04-04): nothing is extrapolated, the values at the edges of the range are those of samples near them. `anchored` takes the
 * newest sample before each edge, `smoothed` the line between the samples on either side of it. Where there is none before the
 * range the first one within stands for it, where there is none after it the last one. How far samples are looked for is the
 * look-back. A stale marker is no sample and ends nothing.
 */
export type ExtendedFunction = {
  readonly numbers: WindowFunction;
  /** For windows with a histogram. */
  readonly histograms: HistogramWindowFunction;
};

type Differing = { readonly counter: boolean; readonly perSecond: boolean };

function differing(edges: Edges, { counter, perSecond }: Differing): ExtendedFunction {
  const smoothed = edges === "smoothed";
  return {
    numbers: (window) => difference(window, smoothed, counter, perSecond),
    histograms: (window, about) =>
      extendedHistogramDifference(window, about, { smoothed, counter, perSecond }),
  };
}

const differences = (edges: Edges): readonly (readonly [string, ExtendedFunction])[] => [
  ["delta", differing(edges, { counter: false, perSecond: false })],
  ["increase", differing(edges, { counter: true, perSecond: false })],
  ["rate", differing(edges, { counter: true, perSecond: true })],
];

/** In the order in which the error names them. */
const extendedFunctions: Readonly<Record<Edges, ReadonlyMap<string, ExtendedFunction>>> = {
  anchored: new Map([
    ["changes", fromAnchor("changes", rates.changes)],
    ...differences("anchored"),
    ["resets", fromAnchor("resets", rates.resets)],
  ]),
  smoothed: new Map(differences("smoothed")),
};

/** What a function does over an extended selector. Throws for one that can't be used with it, in Prometheus's words. */
export function extendedFunctionOf(edges: Edges, name: string): ExtendedFunction {
  const functions = extendedFunctions[edges];
  const found = functions.get(name);
  if (found !== undefined) return found;
  const allowed = [...functions.keys()].join(", ");
  throw executionError(`${edges} modifier can only be used with: ${allowed} - not with ${name}`);
}

/** The same function of the samples from the anchor on, where there is a sample within the range. */
function fromAnchor(name: string, numbers: WindowFunction): ExtendedFunction {
  const histograms = histogramWindows.get(name);
  return {
    numbers: (window) => (isPast(window) ? noValue(window) : numbers(anchoredAt(window))),
    histograms: (window, about) =>
      isPast(window) ? undefined : histograms?.(anchoredAt(window), about),
  };
}

/** Whether no sample lies after the start of the range. */
function isPast(window: Window): boolean {
  return timeAt(window, window.to - 1) <= window.startMs;
}

function anchoredAt(window: Window): Window {
  return { ...window, from: edgePlaces(window, false).first };
}

/** rate, increase and delta: the value at the end of the range less that at its start, counter resets between added. */
function difference(
  window: Window,
  smoothed: boolean,
  counter: boolean,
  perSecond: boolean,
): number {
  const { startMs, endMs, rangeMs } = window;
  const places = edgePlaces(window, smoothed);
  const { first, last } = places;
  if (timeAt(window, last) <= startMs) return noValue(window);
  if (smoothed && timeAt(window, first) > endMs) return noValue(window);
  const { left, right } = edgeValues(window, places, smoothed, counter);
  let result = right - left;
  if (counter) {
    const from = timeAt(window, first) <= startMs ? first + 1 : first;
    const to = timeAt(window, last) >= endMs ? last : last + 1;
    result += lostInResets(window, from, to, left, right);
  }
  return perSecond ? result / (rangeMs / 1_000) : result;
}

/** The values that stood just before each reset, from the left edge over samples [from, to) to the right edge. */
function lostInResets(
  window: Window,
  from: number,
  to: number,
  left: number,
  right: number,
): number {
  let lost = 0;
  let previous = left;
  for (let i = from; i < to; i++) {
    const value = valueAt(window, i);
    if (value < previous) lost += previous;
    previous = value;
  }
  return right < previous ? lost + previous : lost;
}

type Samples = { readonly timestampsMs: Float64Array; readonly values: Float64Array };

/**
 * An extended range as it is: its samples with one at each edge. Undefined where there is none after its start. Throws for
 * histograms, of which Prometheus does not make one.
 */
export function extendedSamples(
  series: RangeSeries,
  { edges, firstEndMs: endMs, rangeMs, beforeMs, afterMs }: RangeInput,
): Samples | undefined {
  const startMs = endMs - rangeMs;
  const window = windowAround(series, { startMs, endMs, rangeMs }, beforeMs, afterMs);
  const { from, to, timestampsMs, values, histograms } = window;
  if (from >= to) return undefined;
  if (histograms?.slice(from, to).some((found) => found !== undefined) === true)
    throw executionError(`${edges} modifier is not supported with histograms`);
  const smoothed = edges === "smoothed";
  const places = edgePlaces(window, smoothed);
  if (timeAt(window, places.last) <= startMs) return undefined;
  const { left, right } = edgeValues(window, places, smoothed, false);
  let first = places.first;
  let end = places.last + 1;
  if (timeAt(window, first) <= startMs) first++;
  if (timeAt(window, end - 1) >= endMs) end--;
  return {
    timestampsMs: Float64Array.of(startMs, ...timestampsMs.subarray(first, end), endMs),
    values: Float64Array.of(left, ...values.subarray(first, end), right),
  };
}

function windowAround(
  { timestampsMs, values, histograms, starts, fine }: RangeSeries,
  range: Pick<Window, "startMs" | "endMs" | "rangeMs">,
  beforeMs: number,
  afterMs: number,
): Window {
  const after = (timeMs: number): number => {
    const at = timestampsMs.findIndex((time) => time > timeMs);
    return at === -1 ? timestampsMs.length : at;
  };
  const [from, to] = [after(range.startMs - beforeMs), after(range.endMs + afterMs)];
  const args = { stepTimeMs: range.endMs, first: 0, second: 0, none: false, overlaps: 0 };
  return { timestampsMs, values, histograms, starts, fine, from, to, ...range, ...args };
}
