const knownMax = 10_000;

/** Numbers for texts: the same text has the same one as long as it is known, and none is ever that of two. */
export class KnownNumbers {
  readonly #numbers = new Map<string, number>();
  #last = 0;

  of(text: string): number {
    const known = this.#numbers.get(text);
    if (known !== undefined) return known;
    if (this.#numbers.size >= knownMax) this.#numbers.clear();
    this.#numbers.set(text, ++this.#last);
    return this.#last;
  }
}
