import { ones, type ShapedVariables, tens, variousShapes } from "#shared/model/shaped_variables.ts";

/** Where the variables of a batch, which are taken in the order of its records, stand. */
export class ShapedCursor {
  readonly variables: ShapedVariables;
  /** By column: the next reference, pair and single digit. */
  readonly #nextReference: Uint32Array;
  readonly #nextPair: Uint32Array;
  readonly #nextSingle: Uint32Array;
  /** By place: what each shape is as in a column that is being written, below zero where that is not known; and of what state of the column it is true. */
  readonly #numbers: Int32Array[] = [];
  readonly #generations: number[] = [];

  constructor(variables: ShapedVariables) {
    this.variables = variables;
    this.#nextReference = variables.firstReference.slice();
    this.#nextPair = variables.firstPair.slice();
    this.#nextSingle = variables.firstSingle.slice();
  }

  numbersOfShapes(place: number, generation: number): Int32Array {
    const known = this.#numbers[place];
    if (known !== undefined && this.#generations[place] === generation) return known;
    this.#generations[place] = generation;
    const numbers = known ?? new Int32Array(this.variables.shapes.count);
    return (this.#numbers[place] = numbers.fill(-1));
  }

  /** The shape of a column's next text. */
  shapeAt(column: number): number {
    const shape = this.variables.constants[column] ?? 0;
    if (shape !== variousShapes) return shape;
    const next = this.#nextReference[column] ?? 0;
    this.#nextReference[column] = next + 1;
    return this.variables.references[next] ?? 0;
  }

  /** Writes the digits of a column's next text, of which there are so many, and gives where they end. */
  takeDigits(column: number, count: number, into: Uint8Array, at: number): number {
    const { pairs, singles } = this.variables;
    let to = at;
    if ((count & 1) === 1) {
      const next = this.#nextSingle[column] ?? 0;
      this.#nextSingle[column] = next + 1;
      const both = singles[next >> 1] ?? 0;
      into[to++] = ((next & 1) === 0 ? tens[both] : ones[both]) ?? 0;
    }
    if (count < 2) return to;
    let pair = this.#nextPair[column] ?? 0;
    const end = pair + (count >> 1);
    this.#nextPair[column] = end;
    for (; pair < end; pair++) {
      const both = pairs[pair] ?? 0;
      into[to] = tens[both] ?? 0;
      into[to + 1] = ones[both] ?? 0;
      to += 2;
    }
    return to;
  }
}
