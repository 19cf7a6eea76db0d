import type { Labels } from "#shared/model/labels.ts";
import type { SeriesSchema } from "#shared/model/metrics.ts";
import { wordsOf } from "#shared/model/special_values.ts";

/** Some columns of a schema as a schema of its own, which grows as they do, and their part of a row. */
export class ChosenColumns {
  readonly schema: SeriesSchema;
  readonly #source: SeriesSchema;
  readonly #places: number[] = [];
  #row = new Float64Array(0);
  #words: Uint32Array = new Uint32Array(0);

  constructor(source: SeriesSchema) {
    this.#source = source;
    const series: Labels[] = [];
    this.schema = { series, families: source.families };
  }

  get size(): number {
    return this.#places.length;
  }

  /** From now on the column belongs to them. */
  admit(column: number): void {
    this.#places.push(column);
    this.schema.series.push(this.#source.series[column] ?? {});
  }

  /** Where the column stands in the schema that it is chosen from. */
  placeOf(column: number): number {
    return this.#places[column] ?? 0;
  }

  /** Their values in a row: memory that is good until the next call. */
  pick(values: Float64Array): Float64Array {
    // Columns come in ascending order: those past the end of the row are the last ones.
    let count = this.#places.length;
    while (count > 0 && (this.#places[count - 1] ?? 0) >= values.length) count--;
    if (this.#row.length !== count) {
      this.#row = new Float64Array(count);
      this.#words = wordsOf(this.#row);
    }
    const from = wordsOf(values);
    const to = this.#words;
    for (let i = 0; i < count; i++) {
      // As two words: a number would lose a NaN's payload.
      const place = this.#places[i] ?? 0;
      to[2 * i] = from[2 * place] ?? 0;
      to[2 * i + 1] = from[2 * place + 1] ?? 0;
    }
    return this.#row;
  }
}
