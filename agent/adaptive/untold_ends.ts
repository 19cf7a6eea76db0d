import { isAbsent, isStale, setAbsent, setStale, wordsOf } from "#shared/model/special_values.ts";

/** Which series of a schema have ended since a row of it was shipped: a row that is not shipped may have held their only stale marker. */
export class UntoldEnds {
  /** By column: 1 where its last news is that its series ended. */
  #ended = new Uint8Array(0);
  #count = 0;

  get isEmpty(): boolean {
    return this.#count === 0;
  }

  /** Returns how many values are neither absent nor stale. */
  add(values: Float64Array): number {
    if (this.#ended.length < values.length) this.#grow(values.length);
    const words = wordsOf(values);
    let alive = 0;
    for (let column = 0; column < values.length; column++) {
      if (isAbsent(words, column)) continue;
      const ended = isStale(words, column) ? 1 : 0;
      alive += 1 - ended;
      this.#count += ended - (this.#ended[column] ?? 0);
      this.#ended[column] = ended;
    }
    return alive;
  }

  #grow(length: number): void {
    const ended = new Uint8Array(2 * length);
    ended.set(this.#ended);
    this.#ended = ended;
  }

  /** The row with stale markers in the absent places of what has ended; with that all is told. It is changed where it is long enough. */
  tell(values: Float64Array): Float64Array {
    if (this.#count === 0) return values;
    const told = lengthened(values, this.#ended.lastIndexOf(1) + 1);
    const words = wordsOf(told);
    for (let column = 0; column < told.length; column++)
      if (this.#ended[column] === 1 && isAbsent(words, column)) setStale(words, column);
    this.#ended.fill(0);
    this.#count = 0;
    return told;
  }
}

function lengthened(values: Float64Array, length: number): Float64Array {
  if (values.length >= length) return values;
  const longer = new Float64Array(length);
  const words = wordsOf(longer);
  for (let column = values.length; column < length; column++) setAbsent(words, column);
  longer.set(values);
  return longer;
}
