import type { Labels, Matcher } from "#shared/model/labels.ts";
import type { ItemList } from "#shared/collections/paged_list.ts";
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
    const labels = this.#labels;
    const exact = matchers.filter(({ op, value }) => op === "=" && value !== "");
    if (exact.length > 0) {
      const some = this.#withValues(exact);
      const others = matchers.filter((matcher) => !exact.includes(matcher));
      if (others.length === 0) return some;
      const matchesOthers = compileMatchers(others);
      return some.filter((one) => matchesOthers(labels.at(one) ?? {}));
    }
    const matches = compileMatchers(matchers);
    const candidates = this.#candidates(matchers);
    if (candidates !== undefined) return candidates.filter((one) => matches(labels.at(one) ?? {}));
    const found: number[] = [];
    for (const [one, own] of labels.entries()) if (matches(own)) found.push(one);
    return found;
  }

  /** Intersects the lists of series that have each value. */
  #withValues(exact: readonly Matcher[]): number[] {
    const lists = exact
      .map(({ name, value }) => this.#label(name).get(value) ?? [])
      .toSorted((a, b) => a.length - b.length);
    const [fewest = [], ...others] = lists;
    let found = [...fewest];
    for (const list of others) found = common(found, list);
    return found;
  }

  /** Series whose value matches a regular expression, tested once a value. undefined: no expression narrows them. */
  #candidates(matchers: readonly Matcher[]): readonly number[] | undefined {
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

/** What is in both of two ascending lists; `a` is the shorter one. */
function common(a: readonly number[], b: readonly number[]): number[] {
  return a.filter((one) => {
    let [low, high] = [0, b.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((b[middle] ?? 0) < one) low = middle + 1;
      else high = middle;
    }
    return b[low] === one;
  });
}
