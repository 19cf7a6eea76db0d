import type { Labels, Matcher } from "#shared/model/labels.ts";
import type { ItemList } from "#shared/model/paged_list.ts";
import { compileMatcher, compileMatchers } from "../read/matching.ts";

/**
 * Finds series of one generation by matchers: for each label name that a selector asked for, it has the series by value. A label's values are indexed
 * when first asked for and brought up to date when asked again, so appending costs nothing.
 */
export class SeriesIndex {
  /** By number; grows at its end. */
  readonly #labels: ItemList<Labels>;
  readonly #byLabel = new Map<string, LabelIndex>();

  constructor(labels: ItemList<Labels>) {
    this.#labels = labels;
  }

  /** Numbers of series. Throws OperatingError("bad_request") for a bad regular expression. */
  find(matchers: readonly Matcher[]): number[] {
    const matches = compileMatchers(matchers);
    const labels = this.#labels;
    const candidates = this.#candidates(matchers);
    if (candidates !== undefined) return candidates.filter((one) => matches(labels.at(one) ?? {}));
    const found: number[] = [];
    for (const [one, own] of labels.entries()) if (matches(own)) found.push(one);
    return found;
  }

  /** The fewest series that a single matcher leaves: by value where one is given, else by testing each value once. Undefined: all. */
  #candidates(matchers: readonly Matcher[]): readonly number[] | undefined {
    let fewest: readonly number[] | undefined;
    for (const { name, op, value } of matchers) {
      if (op !== "=" || value === "") continue;
      const some = this.#label(name).get(value) ?? [];
      if (fewest === undefined || some.length < fewest.length) fewest = some;
    }
    if (fewest !== undefined) return fewest;
    const regex =
      matchers.find(({ op, name }) => op === "=~" && name === "__name__") ??
      matchers.find(({ op }) => op === "=~");
    if (regex === undefined) return undefined;
    const test = compileMatcher(regex);
    // An absent label is in no list.
    if (test("")) return undefined;
    const some: number[] = [];
    for (const [value, series] of this.#label(regex.name))
      if (test(value)) for (const one of series) some.push(one);
    return some;
  }

  #label(name: string): ReadonlyMap<string, readonly number[]> {
    let index = this.#byLabel.get(name);
    if (index === undefined) this.#byLabel.set(name, (index = { upTo: 0, byValue: new Map() }));
    for (; index.upTo < this.#labels.length; index.upTo++) {
      const value = this.#labels.at(index.upTo)?.[name];
      if (value === undefined) continue;
      const some = index.byValue.get(value);
      if (some === undefined) index.byValue.set(value, [index.upTo]);
      else some.push(index.upTo);
    }
    return index.byValue;
  }
}

type LabelIndex = { upTo: number; readonly byValue: Map<string, number[]> };
