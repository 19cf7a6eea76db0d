import { isTurnOver, nextRound } from "#shared/async/turns.ts";
import { type Labels, metricNameLabel } from "#shared/model/labels.ts";
import { NumberTable } from "#shared/collections/number_table.ts";
import { labelsText, parseLabels } from "./labels_text.ts";
import { TextNumbers } from "./text_numbers.ts";

// Hot: every series of every flush passes id(). Guarded by test/bench/labels.ts and pace.ts.

/** Other in every process, so that a sender can't choose series whose hashes are equal. Of a million series two are equal by chance once in 40 million processes. */
const [lowSeed, highSeed] = crypto.getRandomValues(new Uint32Array(2));
const symbolBytes = 100;

/** Texts by number; numbers of name and value of each label in turn; where those of each series end. */
export type StoredSeries = {
  readonly texts: readonly string[];
  readonly pairs: Uint32Array;
  readonly ends: Uint32Array;
};

/**
 * The series of a tenant, each with a number: labels as pairs of symbols in one array, found by 64 bits of hash. Some 100 bytes a series, and nothing
 * that a garbage collection must walk. Numbers are given in order, and stay.
 */
export class KnownSeries {
  size = 0;
  readonly #symbols = new TextNumbers();
  #symbolChars = 0;
  /** Name and value in turn. */
  #pairs = new Uint32Array(2_048);
  /** By series: where its pairs begin; they end where those of the next begin. */
  #starts = new Uint32Array(256);
  #low = new Uint32Array(256);
  #high = new Uint32Array(256);
  readonly #table = new NumberTable((id) => this.#low[id] ?? 0);

  /** What it holds, roughly. */
  get bytes(): number {
    const columns = 4 * (this.#starts.length + this.#low.length + this.#high.length);
    const ofSymbols = symbolBytes * this.#symbols.size + this.#symbolChars;
    return columns + 4 * (this.#pairs.length + this.#table.places) + ofSymbols;
  }

  /** Symbols are numbered from 0. */
  get symbolCount(): number {
    return this.#symbols.size;
  }

  symbol(number: number): string {
    return this.#symbols.at(number) ?? "";
  }

  /** Undefined where no series has the text as a name or value. */
  symbolOf(text: string): number | undefined {
    return this.#symbols.numberOf(text);
  }

  /** Name and value of each label, in turn: [from, to) of `pairs` are a series'. */
  get pairs(): Uint32Array {
    return this.#pairs;
  }
  from(id: number): number {
    return this.#starts[id] ?? 0;
  }
  to(id: number): number {
    return this.#starts[id + 1] ?? 0;
  }

  /** The number of a series, by the metric's name and the labels' text as a block has it. */
  id(name: string, text: string): number {
    const whole = `${name}\0${text}`;
    const low = Bun.hash.xxHash32(whole, lowSeed);
    const high = Bun.hash.xxHash32(whole, highSeed);
    const table = this.#table;
    table.seek(low);
    for (let id = table.next(); id >= 0; id = table.next())
      if (this.#low[id] === low && this.#high[id] === high) return id;
    return this.#add(parseLabels(name, text), low, high);
  }

  labels(id: number): Labels {
    const labels: Record<string, string> = {};
    const pairs = this.#pairs;
    for (let at = this.from(id); at < this.to(id); at += 2)
      labels[this.symbol(pairs[at] ?? 0)] = this.symbol(pairs[at + 1] ?? 0);
    return labels;
  }

  /** All there is, to be kept: `ends` are those of each series' pairs. Right as long as nothing is added. */
  stored(): StoredSeries {
    const pairsEnd = this.#starts[this.size] ?? 0;
    return {
      texts: [...this.#symbols],
      pairs: this.#pairs.subarray(0, pairsEnd),
      ends: this.#starts.subarray(1, this.size + 1),
    };
  }

  /** What stored() gave. Throws RangeError where that can't be. */
  static async from({ texts, pairs, ends }: StoredSeries): Promise<KnownSeries> {
    const known = new KnownSeries();
    let from = 0;
    for (const [id, end] of ends.entries()) {
      const labels: Record<string, string> = {};
      for (let at = from; at < end; at += 2) {
        const [name, value] = [texts[pairs[at] ?? -1], texts[pairs[at + 1] ?? -1]];
        if (name === undefined || value === undefined) throw new RangeError("a text is missing");
        labels[name] = value;
      }
      from = end;
      if (known.id(labels[metricNameLabel] ?? "", labelsText(labels)) !== id)
        throw new RangeError("a series stands twice");
      if (id % 1_024 === 0 && isTurnOver()) await nextRound();
    }
    return known;
  }

  /** The same series in another one's numbers. */
  copyTo(other: KnownSeries, id: number): number {
    return other.#add(this.labels(id), this.#low[id] ?? 0, this.#high[id] ?? 0);
  }

  #add(labels: Labels, low: number, high: number): number {
    const id = this.size++;
    if (this.size >= this.#low.length) this.#grow();
    let at = this.#starts[id] ?? 0;
    for (const [name, value] of Object.entries(labels)) {
      if (at + 2 > this.#pairs.length) this.#pairs = larger(this.#pairs);
      this.#pairs[at++] = this.#intern(name);
      this.#pairs[at++] = this.#intern(value);
    }
    this.#starts[id + 1] = at;
    this.#low[id] = low;
    this.#high[id] = high;
    this.#table.add(id, low);
    return id;
  }

  #intern(text: string): number {
    const known = this.#symbols.numberOf(text);
    if (known !== undefined) return known;
    this.#symbolChars += text.length;
    return this.#symbols.add(text);
  }

  #grow(): void {
    this.#starts = larger(this.#starts);
    this.#low = larger(this.#low);
    this.#high = larger(this.#high);
  }
}

function larger(numbers: Uint32Array): Uint32Array<ArrayBuffer> {
  const grown = new Uint32Array(2 * numbers.length);
  grown.set(numbers);
  return grown;
}
