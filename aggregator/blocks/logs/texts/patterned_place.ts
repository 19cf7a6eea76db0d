import type { ApartTexts } from "#shared/model/line_columns.ts";

/** Variables of one place of a batch that stand apart from their digits. */
export class PatternedPlace {
  readonly texts: ApartTexts;
  readonly #numbers: Int32Array;
  #generation = -1;

  constructor(texts: ApartTexts) {
    this.texts = texts;
    this.#numbers = new Int32Array(texts.patterns.digitCounts.length);
  }

  /** What each pattern is as a shape of a column that is being written, below zero where that is not known. */
  numbersOfShapes(generation: number): Int32Array {
    if (this.#generation !== generation) this.#numbers.fill(-1);
    this.#generation = generation;
    return this.#numbers;
  }

  /** Where the digits of `count` texts from number `value` on end, which begin at `start`. */
  endOf(value: number, start: number, count: number): number {
    const { numbers, patterns } = this.texts;
    let end = start;
    for (let i = value; i < value + count; i++) end += patterns.digitCounts[numbers[i] ?? 0] ?? 0;
    return end;
  }
}
