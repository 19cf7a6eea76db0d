// Hot: guarded by `bench scrape`.
import { hashOf } from "#shared/cardinality/series_hash.ts";
import { NumberTable } from "#shared/collections/number_table.ts";
import { type Labels, labelsKey, sameLabels } from "#shared/model/labels.ts";
import type { SeriesSchema } from "#shared/model/metrics.ts";
import type { Family } from "#shared/text/exposition/series_index.ts";
import { filled } from "./column_arrays.ts";
import type { SharedLines } from "./shared_lines.ts";

/** Series that become part of the schema at once, and labels of these: each takes time in all that sees the schema, without a pause. */
const publishedMax = 2_048;
const publishedLabelsMax = 16_384;

/** What a column and each of its labels hold, roughly, beside texts that others have, too. */
const [columnBytes, labelBytes] = [200, 50];

/** Targets of so many series find their columns anew when that is needed: thousands of small ones hold less so. */
const smallMax = 1_024;

/** By which columns are found: equal label sets have equal ones within one process. */
export function labelsHash(labels: Labels): number {
  return hashOf(labelsKey(labels));
}

/** A target's series, each with the number of its column. */
export class TargetColumns {
  readonly schema: { readonly series: Labels[]; readonly families: SeriesSchema["families"] } = {
    series: [],
    families: [],
  };
  readonly #shared: SharedLines;
  /** Columns after those of the schema. */
  #added: Labels[] = [];
  #addedBytes = 0;
  /** Needed for new lines only: made when it is. */
  #places: ColumnPlaces | undefined;

  constructor(shared: SharedLines) {
    this.#shared = shared;
  }

  /** Columns, published or not. */
  get length(): number {
    return this.schema.series.length + this.#added.length;
  }

  /** By column, published or not. */
  series(): readonly Labels[] {
    return this.#added.length === 0 ? this.schema.series : [...this.schema.series, ...this.#added];
  }

  /** What the columns hold that are not published, roughly. */
  get addedBytes(): number {
    return this.#addedBytes;
  }

  /** Adds columns to the schema; false where that left some for the next time. */
  publish(): boolean {
    let [count, labelCount] = [0, 0];
    while (count < this.#added.length && count < publishedMax && labelCount < publishedLabelsMax)
      for (const _ in this.#added[count++]) labelCount++;
    this.schema.series.push(...this.#added.slice(0, count));
    this.#added = this.#added.slice(count);
    if (this.#added.length > 0) return false;
    this.#addedBytes = 0;
    return true;
  }

  /** The column of a series that has one; `hash` is their labelsHash(). */
  find(labels: Labels, hash: number): number | undefined {
    const { table } = this.#placed();
    table.seek(hash);
    for (let column = table.next(); column >= 0; column = table.next())
      if (sameLabels(this.#labelsAt(column), labels)) return column;
    return undefined;
  }

  /** The column of a series that has none. */
  add(labels: Labels, hash: number): number {
    const shared: Record<string, string> = {};
    this.#addedBytes += columnBytes;
    for (const name in labels) {
      shared[name] = this.#shared.text(labels[name] ?? "");
      this.#addedBytes += labelBytes;
    }
    const column = this.length;
    const places = this.#placed();
    this.#added.push(shared);
    places.add(hash);
    return column;
  }

  addFamily(family: Family): void {
    this.schema.families.push(this.#shared.family(family));
  }

  /** Nothing new is expected soon. */
  rest(): void {
    if (this.length <= smallMax) this.#places = undefined;
  }

  #labelsAt(column: number): Labels {
    const { series } = this.schema;
    return series[column] ?? this.#added[column - series.length] ?? {};
  }

  #placed(): ColumnPlaces {
    if (this.#places !== undefined) return this.#places;
    const places = new ColumnPlaces();
    for (const labels of this.series()) places.add(labelsHash(labels));
    return (this.#places = places);
  }
}

/** Columns by the hash of their labels: a Map of texts is larger than the labels, and grows in one step. */
class ColumnPlaces {
  #hashes = new Float64Array(32);
  #length = 0;
  readonly table = new NumberTable((column) => this.#hashes[column] ?? 0);

  /** Of the next column. */
  add(hash: number): void {
    if (this.#length === this.#hashes.length)
      this.#hashes = filled(new Float64Array(2 * this.#length), this.#hashes);
    this.#hashes[this.#length] = hash;
    this.table.add(this.#length++, hash);
  }
}
