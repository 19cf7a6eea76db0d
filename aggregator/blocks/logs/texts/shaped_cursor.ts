import { unmined } from "#shared/model/line_template.ts";
import { ones, type ShapedVariables, tens, variousShapes } from "#shared/model/shaped_variables.ts";

/** Where the variables of a batch, which are taken in the order of its records, stand. */
export class ShapedCursor {
  readonly variables: ShapedVariables;
  /** By column: the next reference, pair and single digit. */
  #nextReference: Uint32Array;
  #nextPair: Uint32Array;
  #nextSingle: Uint32Array;
  /** By place: what each shape is as in a column that is being written, below zero where that is not known; and of what state of the column it is true. */
  readonly #numbers: Int32Array[] = [];
  readonly #generations: number[] = [];

  constructor(variables: ShapedVariables) {
    this.variables = variables;
    this.#nextReference = variables.firstReference.slice();
    this.#nextPair = variables.firstPair.slice();
    this.#nextSingle = variables.firstSingle.slice();
  }

  /** Where they stand behind records of these templates. */
  behind(templateOf: Uint32Array): ShapedCursor {
    const { shapes, firstColumns, widths, constants, references } = this.variables;
    const behind = new ShapedCursor(this.variables);
    behind.#nextReference = this.#nextReference.slice();
    behind.#nextPair = this.#nextPair.slice();
    behind.#nextSingle = this.#nextSingle.slice();
    const counts = new Uint32Array(widths.length);
    for (let row = 0; row < templateOf.length; row++) {
      const template = templateOf[row] ?? unmined;
      if (template !== unmined) counts[template] = (counts[template] ?? 0) + 1;
    }
    for (let template = 0; template < counts.length; template++) {
      const count = counts[template] ?? 0;
      const first = firstColumns[template] ?? 0;
      const end = count === 0 ? first : first + (widths[template] ?? 0);
      for (let column = first; column < end; column++) {
        const constant = constants[column] ?? 0;
        let [digits, pairs, odd] = [shapes.digits[constant] ?? 0, 0, 0];
        if (constant !== variousShapes) {
          pairs = count * (digits >> 1);
          odd = count * (digits & 1);
        } else {
          const reference = this.#nextReference[column] ?? 0;
          for (let i = reference; i < reference + count; i++) {
            digits = shapes.digits[references[i] ?? 0] ?? 0;
            pairs += digits >> 1;
            odd += digits & 1;
          }
          behind.#nextReference[column] = reference + count;
        }
        behind.#nextPair[column] = (this.#nextPair[column] ?? 0) + pairs;
        behind.#nextSingle[column] = (this.#nextSingle[column] ?? 0) + odd;
      }
    }
    return behind;
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
