import type { Matcher } from "#shared/model/labels.ts";
import { compileMatcher, compileMatchers } from "./matching.ts";
import type { HeadSeries } from "./head_series.ts";

/**
 * The series of a tenant in one generation, and for each label name that a selector asked for, its values. A label's values
 * are indexed when first asked for and brought up to date when asked again, so appending costs nothing.
 */
export class SeriesIndex {
  readonly #byKey = new Map<string, HeadSeries>();
  readonly #all: HeadSeries[] = [];
  readonly #byLabel = new Map<string, LabelIndex>();

  get size(): number {
    return this.#all.length;
  }

  all(): readonly HeadSeries[] {
    return this.#all;
  }

  get(key: string): HeadSeries | undefined {
    return this.#byKey.get(key);
  }

  add(series: HeadSeries): void {
    this.#byKey.set(series.key, series);
    this.#all.push(series);
  }

  /** Throws OperatingError("bad_request") for a bad regular expression. */
  find(matchers: readonly Matcher[]): HeadSeries[] {
    const matches = compileMatchers(matchers);
    return this.#candidates(matchers).filter((series) => matches(series.labels));
  }

  /** The fewest series that a single matcher leaves: by value where one is given, else by testing each value once. */
  #candidates(matchers: readonly Matcher[]): readonly HeadSeries[] {
    let fewest: readonly HeadSeries[] = this.#all;
    for (const { name, op, value } of matchers) {
      if (op !== "=" || value === "") continue;
      const some = this.#label(name).get(value) ?? [];
      if (some.length < fewest.length) fewest = some;
    }
    if (fewest !== this.#all) return fewest;
    const regex =
      matchers.find(({ op, name }) => op === "=~" && name === "__name__") ??
      matchers.find(({ op }) => op === "=~");
    if (regex === undefined) return fewest;
    const test = compileMatcher(regex);
    // An absent label is in no list.
    if (test("")) return fewest;
    const some: HeadSeries[] = [];
    for (const [value, series] of this.#label(regex.name))
      if (test(value)) for (const one of series) some.push(one);
    return some;
  }

  #label(name: string): ReadonlyMap<string, readonly HeadSeries[]> {
    let index = this.#byLabel.get(name);
    if (index === undefined) this.#byLabel.set(name, (index = { upTo: 0, byValue: new Map() }));
    for (; index.upTo < this.#all.length; index.upTo++) {
      const series = this.#all[index.upTo];
      const value = series?.labels[name];
      if (series === undefined || value === undefined) continue;
      const some = index.byValue.get(value);
      if (some === undefined) index.byValue.set(value, [series]);
      else some.push(series);
    }
    return index.byValue;
  }
}

type LabelIndex = { upTo: number; readonly byValue: Map<string, HeadSeries[]> };
