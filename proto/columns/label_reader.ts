import type { Labels } from "#shared/model/labels.ts";
import { corrupt } from "./corrupt.ts";

/** The texts and label sets of an answer, by their places. */
export class LabelReader {
  readonly #texts: string[] = [];
  readonly #sets: Labels[] = [];

  addTexts(texts: readonly string[]): void {
    for (const text of texts) this.#texts.push(text);
  }

  addSets(places: readonly number[]): void {
    for (let at = 0; at < places.length; at = labelsEnd(places, at))
      this.#sets.push(this.labelsAt(places, at));
  }

  set(place: number | undefined): Labels {
    return this.#sets[place ?? -1] ?? missing();
  }

  /** The label set that begins at `at`: its number of labels, then the places of each name and value. */
  labelsAt(places: readonly number[], at: number): Labels {
    const end = labelsEnd(places, at);
    const labels: Record<string, string> = {};
    for (let i = at + 1; i < end; i += 2) labels[this.#text(places[i])] = this.#text(places[i + 1]);
    return labels;
  }

  #text(place: number | undefined): string {
    return this.#texts[place ?? -1] ?? missing();
  }
}

/** Where the label set after the one at `at` begins. */
export function labelsEnd(places: readonly number[], at: number): number {
  const end = at + 1 + 2 * (places[at] ?? 0);
  if (end > places.length) throw corrupt("a label set that is cut off");
  return end;
}

function missing(): never {
  throw corrupt("a label that is not there");
}
