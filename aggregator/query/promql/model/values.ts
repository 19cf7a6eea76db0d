import type { Histogram } from "#shared/model/histogram.ts";
import { type Labels, metricNameLabel } from "#shared/model/labels.ts";
import { executionError } from "#shared/query_language/promql/errors.ts";

/** The steps of an evaluation: startMs, startMs + stepMs, ... `count` of them. */
export type Grid = { readonly startMs: number; readonly stepMs: number; readonly count: number };

/** Time of the last step. */
export function gridEnd(grid: Grid): number {
  return grid.startMs + grid.stepMs * (grid.count - 1);
}

/** What a step of a series holds. */
export const absent = 0;
export const float = 1;
/** A native histogram, in the column of its own beside `values`. */
export const histogram = 2;

/**
 * One series over the steps of a grid. `values[i]` counts only where `present[i]` is `float`, `histograms[i]` only where it
 * is `histogram`. Columns are never changed once a node has handed them on: they may be shared between nodes.
 */
export type StepSeries = {
  readonly labels: Labels;
  /** The metric name is to be dropped when the query is done (see config.delayedNameRemoval). */
  readonly dropName: boolean;
  readonly values: Float64Array;
  readonly present: Uint8Array;
  /** Made when the first histogram is put: series of numbers alone, nearly all, have none. */
  histograms: (Histogram | undefined)[] | undefined;
};

export type VectorValue = { readonly type: "vector"; readonly series: readonly StepSeries[] };
export type ScalarValue = { readonly type: "scalar"; readonly values: Float64Array };
type TextValue = { readonly type: "string"; readonly value: string };
export type StepValue = VectorValue | ScalarValue | TextValue;

export function vectorOf(series: readonly StepSeries[]): VectorValue {
  return { type: "vector", series };
}

/** A series without samples, to be filled. */
export function newSeries(labels: Labels, count: number, dropName = false): StepSeries {
  return {
    labels,
    dropName,
    values: new Float64Array(count),
    present: new Uint8Array(count),
    histograms: undefined,
  };
}

/** Sets a step of a series that is being filled. */
export function putSample(series: StepSeries, step: number, sample: number | Histogram): void {
  if (typeof sample === "number") {
    series.present[step] = float;
    series.values[step] = sample;
    return;
  }
  series.present[step] = histogram;
  series.histograms ??= Array.from({ length: series.values.length });
  series.histograms[step] = sample;
}

/** What a step that is not absent holds. */
export function sampleAt(series: StepSeries, step: number): number | Histogram {
  const value = series.values[step] ?? 0;
  if (series.present[step] !== histogram) return value;
  return series.histograms?.[step] ?? value;
}

/** The histogram of a step, if it holds one. */
export function histogramAt(series: StepSeries, step: number): Histogram | undefined {
  return series.present[step] === histogram ? series.histograms?.[step] : undefined;
}

export function hasHistograms(series: StepSeries): boolean {
  return series.histograms !== undefined && series.present.includes(histogram);
}

export function hasSample(series: StepSeries): boolean {
  return series.present.includes(float) || hasHistograms(series);
}

/** The series with the steps that hold numbers. */
export function floatsOf(series: StepSeries): StepSeries {
  if (series.histograms === undefined) return series;
  const present = series.present.map((state) => (state === float ? float : absent));
  return { ...series, present, histograms: undefined };
}

/** Labels that describe the metric and not the series; what changes the meaning of values drops them. */
const metadataLabels = [metricNameLabel, "__type__", "__unit__"] as const;

export function withoutLabels(labels: Labels, names: readonly string[]): Labels {
  if (!names.some((name) => name in labels)) return labels;
  return Object.fromEntries(Object.entries(labels).filter(([name]) => !names.includes(name)));
}

export function keepLabels(labels: Labels, names: readonly string[]): Labels {
  const kept: Record<string, string> = {};
  for (const name of names) {
    const value = labels[name];
    if (value !== undefined) kept[name] = value;
  }
  return kept;
}

/** Sets one label; an empty value removes it. */
export function withLabel(labels: Labels, name: string, value: string): Labels {
  return value === "" ? withoutLabels(labels, [name]) : { ...labels, [name]: value };
}

export function dropMetadata(labels: Labels): Labels {
  return withoutLabels(labels, metadataLabels);
}

export function sameLabelsError(): Error {
  return executionError("vector cannot contain metrics with the same labelset");
}
