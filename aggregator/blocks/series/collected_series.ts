import { isTurnOver, nextRound } from "#shared/async/turns.ts";
import { metricNameLabel } from "#shared/model/labels.ts";
import { type SeriesText, labelsText } from "./labels_text.ts";
import type { KnownSeries } from "./known_series.ts";

const capacityMin = 1_024;
const betweenLooks = 1_024;

/** The series of a block that is being written, by their numbers: four bytes each, where a list of their texts would take some hundred. */
export class CollectedSeries {
  readonly #known: KnownSeries;
  #numbers = new Uint32Array(capacityMin);
  #count = 0;

  constructor(known: KnownSeries) {
    this.#known = known;
  }

  add({ name, text }: Pick<SeriesText, "name" | "text">): void {
    if (this.#count === this.#numbers.length) {
      const grown = new Uint32Array(2 * this.#count);
      grown.set(this.#numbers);
      this.#numbers = grown;
    }
    this.#numbers[this.#count++] = this.#known.id(name, text);
  }

  /** The numbers that the series have in `known`, which is another one where series were renumbered meanwhile. */
  async numbersIn(known: KnownSeries): Promise<Uint32Array> {
    const numbers = this.#numbers.slice(0, this.#count);
    if (known === this.#known) return numbers;
    for (const [i, number] of numbers.entries()) {
      const labels = this.#known.labels(number);
      numbers[i] = known.id(labels[metricNameLabel] ?? "", labelsText(labels));
      if (i % betweenLooks === 0 && isTurnOver()) await nextRound();
    }
    return numbers;
  }
}
