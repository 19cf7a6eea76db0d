import type { NumberedTexts } from "#shared/model/line_columns.ts";

/** Variables of one place of a block that numbers them. */
export class NumberedPlace {
  readonly texts: NumberedTexts;
  readonly #numbers: Int32Array;
  #generation = -1;

  constructor(texts: NumberedTexts) {
    this.texts = texts;
    this.#numbers = new Int32Array(texts.starts.length - 1);
  }

  /** By number here, the number in the dictionary that is being written; below zero where that is not known. */
  numbersIn(generation: number): Int32Array {
    if (this.#generation !== generation) this.#numbers.fill(-1);
    this.#generation = generation;
    return this.#numbers;
  }
}
