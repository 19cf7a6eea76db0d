// Hot: guarded by `bench scrape`.
import { type Labels, labelsKey } from "#shared/model/labels.ts";
import type { SeriesSchema } from "#shared/model/metrics.ts";
import type { Family } from "#shared/text/exposition/series_index.ts";
import type { SharedLines } from "./shared_lines.ts";

/** Series that become part of the schema at once, and labels of these: each takes time in all that sees the schema, without a pause. */
const publishedMax = 2_048;
const publishedLabelsMax = 16_384;

/** What a column and each of its labels hold, roughly, beside texts that others have, too. */
const [columnBytes, labelBytes] = [200, 50];

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
  /** Larger than the labels themselves, and needed for new lines only: made when it is. */
  #byKey: Map<string, number> | undefined;

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

  /** The column of a series that has one. */
  find(key: string): number | undefined {
    return this.#keys().get(key);
  }

  /** The column of a series that has none. */
  add(labels: Labels, key: string): number {
    const shared: Record<string, string> = {};
    this.#addedBytes += columnBytes;
    for (const name in labels) {
      shared[name] = this.#shared.text(labels[name] ?? "");
      this.#addedBytes += labelBytes;
    }
    const column = this.length;
    this.#added.push(shared);
    this.#keys().set(key, column);
    return column;
  }

  addFamily(family: Family): void {
    this.schema.families.push(this.#shared.family(family));
  }

  /** Nothing new is expected soon. */
  rest(): void {
    this.#byKey = undefined;
  }

  #keys(): Map<string, number> {
    return (this.#byKey ??= new Map(this.series().map((labels, i) => [labelsKey(labels), i])));
  }
}
