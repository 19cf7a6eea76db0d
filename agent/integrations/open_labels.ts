import type { Family } from "../collect/samples/family.ts";

/**
 * Label names that only become known as samples come, as of containers or of a text that others wrote. A name keeps its place for good and
 * empty values at the end are left out, so that a series is handed to the sink with the same values whatever names come later.
 */
export class OpenLabels {
  readonly #namesMax: number;
  readonly #names: string[] = [];
  readonly #places = new Map<string, number>();
  /** By a family without these labels: the family with 0, 1, 2 ... of them. */
  readonly #families = new WeakMap<Family, (Family | undefined)[]>();

  constructor(namesMax: number) {
    this.#namesMax = namesMax;
  }

  /** Values in the order of the names; undefined where a name is one too many. */
  valuesOf(labels: Iterable<readonly [name: string, value: string]>): string[] | undefined {
    const values: string[] = [];
    for (const [name, value] of labels) {
      if (value === "") continue;
      const place = this.#placeOf(name);
      if (place === undefined) return undefined;
      while (values.length < place) values.push("");
      values[place] = value;
    }
    return values;
  }

  /** The family with its own labels first, and then as many of these as there are values. */
  family(base: Family, count: number): Family {
    let sizes = this.#families.get(base);
    if (sizes === undefined) {
      sizes = [];
      this.#families.set(base, sizes);
    }
    const known = sizes[count];
    if (known !== undefined) return known;
    const labelNames = [...base.labelNames, ...this.#names.slice(0, count)];
    const made = { ...base, labelNames };
    sizes[count] = made;
    return made;
  }

  #placeOf(name: string): number | undefined {
    const known = this.#places.get(name);
    if (known !== undefined) return known;
    if (this.#names.length >= this.#namesMax) return undefined;
    this.#places.set(name, this.#names.length);
    this.#names.push(name);
    return this.#names.length - 1;
  }
}
