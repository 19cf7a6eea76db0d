import { type Labels, metricNameLabel } from "#shared/model/labels.ts";
import type { LabelNames } from "./rule_selectors.ts";

/** Series of one agent that are taken into account; with more, every result may be about one of them. */
const seriesMax = 20_000;
let made = 0;

/**
 * Which results of a rule may be about missing series: those whose labels contradict none of a missing series. A result without a label
 * that a series has may be about it, too: sum(x) is about all of x.
 */
export class Affected {
  /** Differs from that of every other one. */
  readonly id = ++made;
  readonly series: readonly Labels[];
  readonly #ignored: LabelNames;
  /** By the names of a result's labels: values of missing series under those of the names that they have. */
  readonly #byNames = new Map<string, ReadonlyMap<string, Shape>>();

  /** `ignored`: names of labels that are not of the series, such as those that a rule adds. */
  constructor(series: readonly Labels[], ignored: LabelNames) {
    this.series = series.length > seriesMax ? [{}] : series;
    this.#ignored = ignored;
  }

  has(labels: Labels): boolean {
    const names = Object.keys(labels)
      .filter((name) => name !== metricNameLabel && !this.#ignored.has(name))
      .toSorted();
    const key = JSON.stringify(names);
    const shapes = this.#byNames.get(key) ?? this.#shapesOf(names);
    this.#byNames.set(key, shapes);
    for (const { names: own, values } of shapes.values())
      if (values.has(valuesOf(labels, own))) return true;
    return false;
  }

  #shapesOf(names: readonly string[]): ReadonlyMap<string, Shape> {
    const shapes = new Map<string, Shape>();
    for (const series of this.series) {
      const own = names.filter((name) => series[name] !== undefined);
      const key = JSON.stringify(own);
      const shape = shapes.get(key) ?? { names: own, values: new Set<string>() };
      shape.values.add(valuesOf(series, own));
      shapes.set(key, shape);
    }
    return shapes;
  }
}

type Shape = { readonly names: readonly string[]; readonly values: Set<string> };

function valuesOf(labels: Labels, names: readonly string[]): string {
  return JSON.stringify(names.map((name) => labels[name]));
}
