import type { SampleTable } from "./samples/sample_table.ts";

const capacityMin = 64;

/** Place 0 is none. */
export const noPlace = 0;

/**
 * Where the samples of series lie: for each a list of places, which are columns of tables, in the order in which they were added. Nearly every series
 * has one place. 20 bytes a series, without an object for any.
 */
export class SeriesPlaces {
  readonly #tables: SampleTable[] = [];
  readonly #numbers = new Map<SampleTable, number>();
  /** By series. */
  #firsts = new Uint32Array(capacityMin);
  #lasts = new Uint32Array(capacityMin);
  /** By place: its table's number, its column, and the series' next place. */
  #tableOf = new Uint32Array(capacityMin);
  #columnOf = new Uint32Array(capacityMin);
  #nextOf = new Uint32Array(capacityMin);
  #count = 1;

  add(series: number, table: SampleTable, column: number): void {
    const place = this.#count++;
    if (place >= this.#tableOf.length) {
      this.#tableOf = larger(this.#tableOf);
      this.#columnOf = larger(this.#columnOf);
      this.#nextOf = larger(this.#nextOf);
    }
    this.#tableOf[place] = this.#numberOf(table);
    this.#columnOf[place] = column;
    while (series >= this.#firsts.length) {
      this.#firsts = larger(this.#firsts);
      this.#lasts = larger(this.#lasts);
    }
    const before = this.#lasts[series] ?? noPlace;
    if (before === noPlace) this.#firsts[series] = place;
    else this.#nextOf[before] = place;
    this.#lasts[series] = place;
  }

  /** noPlace where the series has none. */
  first(series: number): number {
    return this.#firsts[series] ?? noPlace;
  }

  /** noPlace after the last one. */
  next(place: number): number {
    return this.#nextOf[place] ?? noPlace;
  }

  table(place: number): SampleTable | undefined {
    return this.#tables[this.#tableOf[place] ?? 0];
  }

  column(place: number): number {
    return this.#columnOf[place] ?? 0;
  }

  #numberOf(table: SampleTable): number {
    let number = this.#numbers.get(table);
    if (number === undefined) {
      number = this.#tables.push(table) - 1;
      this.#numbers.set(table, number);
    }
    return number;
  }
}

function larger(numbers: Uint32Array): Uint32Array<ArrayBuffer> {
  const grown = new Uint32Array(2 * numbers.length);
  grown.set(numbers);
  return grown;
}
