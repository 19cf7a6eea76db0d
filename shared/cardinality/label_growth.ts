import { type Labels, metricNameLabel } from "../model/labels.ts";
import { DistinctCount } from "./distinct_count.ts";
import { hashOf } from "./series_hash.ts";

/** A label of a metric, and how many values it has. For names of metrics the metric is empty and the label `__name__`. */
export type GrowingLabel = {
  readonly metric: string;
  readonly label: string;
  /** Different values that were met; about, above 128. */
  readonly distinctValues: number;
  /** Of these, how many came within the last hour. */
  readonly growth: number;
};

type Counter = {
  readonly values: DistinctCount;
  /** What the count was 10, 20, ... 60 minutes ago. */
  readonly before: number[];
};

const markEveryMs = 10 * 60_000;
const marks = 6;
/** Pairs of metric and label that are counted; a counter is 2 KB once it has many values. */
const pairsMax = 10_000;

/** Counts the different values of each label of each metric, to tell which one multiplies series. Fed with new series only. */
export class LabelGrowth {
  readonly #metrics = new Map<string, Map<string, Counter>>();
  #pairs = 0;
  #markedMs = Number.NaN;

  add(labels: Labels, nowMs: number): void {
    this.#mark(nowMs);
    const metric = labels[metricNameLabel] ?? "";
    this.#count("", metricNameLabel, metric);
    for (const [label, value] of Object.entries(labels))
      if (label !== metricNameLabel) this.#count(metric, label, value);
  }

  /** What was added until now is no growth. */
  settle(): void {
    for (const counter of this.#counters()) counter.before.fill(counter.values.value);
  }

  /** The label that got most new values within the hour; undefined where none is known. */
  fastest(nowMs: number): GrowingLabel | undefined {
    this.#mark(nowMs);
    let fastest: GrowingLabel | undefined;
    for (const [metric, labels] of this.#metrics)
      for (const [label, { values, before }] of labels) {
        const distinctValues = values.value;
        const growth = distinctValues - (before.at(-1) ?? 0);
        const one = { metric, label, distinctValues, growth };
        if (fastest === undefined || isFaster(one, fastest)) fastest = one;
      }
    return fastest;
  }

  #count(metric: string, label: string, value: string): void {
    let labels = this.#metrics.get(metric);
    let counter = labels?.get(label);
    if (counter === undefined) {
      if (this.#pairs >= pairsMax) return;
      this.#pairs++;
      counter = { values: new DistinctCount(), before: Array.from({ length: marks }, () => 0) };
      if (labels === undefined) this.#metrics.set(metric, (labels = new Map()));
      labels.set(label, counter);
    }
    counter.values.add(hashOf(value));
  }

  #mark(nowMs: number): void {
    if (Number.isNaN(this.#markedMs)) this.#markedMs = nowMs;
    const steps = Math.floor(Math.abs(nowMs - this.#markedMs) / markEveryMs);
    if (steps === 0) return;
    this.#markedMs = nowMs;
    for (const { values, before } of this.#counters())
      for (let step = 0; step < Math.min(steps, marks); step++) {
        before.pop();
        before.unshift(values.value);
      }
  }

  *#counters(): Generator<Counter> {
    for (const labels of this.#metrics.values()) yield* labels.values();
  }
}

function isFaster(a: GrowingLabel, b: GrowingLabel): boolean {
  if (a.growth !== b.growth) return a.growth > b.growth;
  return a.distinctValues > b.distinctValues;
}
