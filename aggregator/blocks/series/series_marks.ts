import { isTurnOver, nextTurn } from "#shared/async/turns.ts";
import type { Labels, Matcher } from "#shared/model/labels.ts";
import { compileValueTest } from "./selector.ts";
import type { KnownSeries } from "./known_series.ts";

const betweenLooks = 4_096;

/** Where a series is: not asked for, or in no block; in a block, but perhaps at other times; in a block at a time that is asked for. */
const [absent, perhaps, present] = [0, 1, 2];

/** Some of a tenant's series: those that an answer is about. */
export class SeriesMarks {
  readonly #known: KnownSeries;
  #marks: Uint8Array<ArrayBuffer>;
  readonly #taken = new Set<Uint32Array>();

  constructor(known: KnownSeries) {
    this.#known = known;
    this.#marks = new Uint8Array(known.size);
  }

  /** Series of a block; `isWhole` where all its times are asked for. Those that are so for sure come first. */
  take(set: Uint32Array, isWhole: boolean): void {
    if (this.#taken.has(set)) return;
    this.#taken.add(set);
    const marks = this.#marks;
    for (const id of set) if (marks[id] !== present) marks[id] = isWhole ? present : perhaps;
  }

  /** A series with a sample at a time that is asked for. */
  takeNamed(name: string, text: string): void {
    const id = this.#known.id(name, text);
    if (id >= this.#marks.length) {
      const grown = new Uint8Array(2 * id);
      grown.set(this.#marks);
      this.#marks = grown;
    }
    this.#marks[id] = present;
  }

  /** Of series that are there perhaps, those that are. */
  confirm(series: Iterable<{ readonly name: string; readonly text: string }>): void {
    for (const { name, text } of series) {
      const id = this.#known.id(name, text);
      if (this.#marks[id] === perhaps) this.#marks[id] = present;
    }
  }

  /** Leaves those that one of the selectors selects; all where there is none. Gives whether some are left that are there perhaps. */
  async select(selectors: readonly (readonly Matcher[])[]): Promise<boolean> {
    const tests = selectors.map((matchers) =>
      matchers.map((matcher) => new SymbolTest(this.#known, matcher)),
    );
    let isAnyPerhaps = false;
    await this.#each(perhaps, (id) => {
      const isSelected =
        tests.length === 0 || tests.some((some) => some.every((test) => test.matches(id)));
      if (!isSelected) this.#marks[id] = absent;
      else if (this.#marks[id] === perhaps) isAnyPerhaps = true;
    });
    return isAnyPerhaps;
  }

  /** Names of labels. */
  async names(): Promise<Set<string>> {
    const { pairs } = this.#known;
    const seen = new Uint8Array(this.#known.symbolCount);
    await this.#each(present, (id) => {
      for (let at = this.#known.from(id); at < this.#known.to(id); at += 2)
        seen[pairs[at] ?? 0] = 1;
    });
    return this.#texts(seen);
  }

  async values(name: string): Promise<Set<string>> {
    const wanted = this.#known.symbolOf(name);
    const seen = new Uint8Array(this.#known.symbolCount);
    if (wanted !== undefined)
      await this.#each(present, (id) => {
        const value = valueOf(this.#known, id, wanted);
        if (value !== undefined) seen[value] = 1;
      });
    return this.#texts(seen);
  }

  async labels(): Promise<Labels[]> {
    const all: Labels[] = [];
    await this.#each(present, (id) => all.push(this.#known.labels(id)));
    return all;
  }

  async #each(least: number, visit: (id: number) => void): Promise<void> {
    for (let id = 0; id < this.#marks.length; id++) {
      if (id % betweenLooks === 0 && isTurnOver()) await nextTurn();
      if ((this.#marks[id] ?? absent) >= least) visit(id);
    }
  }

  #texts(seen: Uint8Array): Set<string> {
    const texts = new Set<string>();
    for (const [symbol, isSeen] of seen.entries())
      if (isSeen === 1) texts.add(this.#known.symbol(symbol));
    return texts;
  }
}

function valueOf(known: KnownSeries, id: number, name: number): number | undefined {
  const { pairs } = known;
  const to = known.to(id);
  for (let at = known.from(id); at < to; at += 2) if (pairs[at] === name) return pairs[at + 1];
  return undefined;
}

/** A matcher of which each value is tested once. */
class SymbolTest {
  readonly #known: KnownSeries;
  readonly #name: number | undefined;
  readonly #test: (value: string) => boolean;
  readonly #matchesAbsent: boolean;
  /** By symbol: 1 where it matches, 2 where not, 0 where that is not known yet. */
  readonly #results: Uint8Array;

  constructor(known: KnownSeries, matcher: Matcher) {
    this.#known = known;
    this.#name = known.symbolOf(matcher.name);
    this.#test = compileValueTest(matcher);
    this.#matchesAbsent = this.#test("");
    this.#results = new Uint8Array(known.symbolCount);
  }

  matches(id: number): boolean {
    const value = this.#name === undefined ? undefined : valueOf(this.#known, id, this.#name);
    if (value === undefined) return this.#matchesAbsent;
    const result = this.#results[value];
    if (result === 1 || result === 2) return result === 1;
    const matches = this.#test(this.#known.symbol(value));
    this.#results[value] = matches ? 1 : 2;
    return matches;
  }
}
