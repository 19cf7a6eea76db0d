import type { Labels } from "#shared/model/labels.ts";

/** Gives each text of an answer its place, so that a name or value of labels travels once. */
export class TextPlaces {
  readonly #places = new Map<string, number>();
  #fresh: string[] = [];
  #characters = 0;

  /** Characters of the texts that were not taken yet. */
  get characters(): number {
    return this.#characters;
  }

  /** Appends the number of labels, then the places of the name and value of each, by name. */
  putLabels(labels: Labels, to: number[]): void {
    const names = Object.keys(labels).toSorted();
    to.push(names.length);
    for (const name of names) to.push(this.#placeOf(name), this.#placeOf(labels[name] ?? ""));
  }

  /** The texts that got their places since the last call, in the order of their places. */
  takeFresh(): string[] {
    const fresh = this.#fresh;
    this.#fresh = [];
    this.#characters = 0;
    return fresh;
  }

  #placeOf(text: string): number {
    const known = this.#places.get(text);
    if (known !== undefined) return known;
    const place = this.#places.size;
    this.#places.set(text, place);
    this.#fresh.push(text);
    this.#characters += text.length;
    return place;
  }
}
