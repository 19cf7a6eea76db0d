import type { LineScanner } from "./line_scanner.ts";
import { PlaceWords } from "./place_words.ts";

/** So many different words in one place, all else equal, and the place is a variable. */
const wordsToVary = 8;
/** Places that are watched; beyond that all are forgotten and watched anew. */
const placesMax = 32_768;
/** Templates that one outline is compared with. */
const alikeMax = 16;
const prime = 0x01000193;
const variableMark = 0x2b2b2b2b;

/** A template in which words without a digit are variables, too. */
type Varied = {
  readonly hashes: Int32Array;
  readonly isVariable: Uint8Array;
  /** Its place in the table of templates. */
  readonly entry: number;
};

/**
 * Finds words that vary although they hold no digit (names of users, of classes): lines that are equal but for one word are
 * siblings, and enough of them make a template where that word is a variable. A cousin of Drain's tree (He et al., ICWS 2017),
 * by the number of different words in a place instead of by similarity.
 */
export class Siblings {
  readonly #places = new PlaceWords({ placesMax, wordsMax: wordsToVary });
  readonly #varied = new Map<number, Varied[]>();

  /** The varied template that the scanner's words fit, made its variables; or -1. */
  find(scanner: LineScanner): number {
    const alike = this.#varied.get(scanner.outline);
    if (alike === undefined) return -1;
    for (const { hashes, isVariable, entry } of alike)
      if (matches(scanner, hashes, isVariable) && scanner.takeWords(isVariable)) return entry;
    return -1;
  }

  /** Takes note of a new line by the scanner's words; gives the places of a template that it completes. */
  note(scanner: LineScanner, isVariable: Uint8Array): Uint8Array | undefined {
    const { wordCount, wordHashes } = scanner;
    let constants = 0;
    for (let n = 0; n < wordCount; n++) if (isVariable[n] === 0) constants++;
    // A line of one word and variables has nothing else to be known by.
    if (constants < 2) return undefined;
    for (let place = 0; place < wordCount; place++) {
      if (isVariable[place] !== 0) continue;
      if (!this.#noteWord(scanner, isVariable, place, wordHashes[place] ?? 0)) continue;
      const varied = isVariable.slice(0, wordCount);
      varied[place] = 1;
      return varied;
    }
    return undefined;
  }

  /** Keeps a varied template of the scanner's words, if there is room for it. */
  add(scanner: LineScanner, isVariable: Uint8Array, entry: number): void {
    const alike = this.#varied.get(scanner.outline) ?? [];
    if (alike.length >= alikeMax) alike.shift();
    alike.push({ hashes: scanner.wordHashes.slice(0, scanner.wordCount), isVariable, entry });
    this.#varied.set(scanner.outline, alike);
  }

  clear(): void {
    this.#places.clear();
    this.#varied.clear();
  }

  /** Whether the place, told by all the line but its word, now has enough words. */
  #noteWord(
    { outline, wordCount, wordHashes }: LineScanner,
    isVariable: Uint8Array,
    place: number,
    own: number,
  ): boolean {
    let low = outline;
    let high = place;
    for (let n = 0; n < wordCount; n++) {
      const word = n === place || isVariable[n] !== 0 ? variableMark : (wordHashes[n] ?? 0);
      low = Math.imul(low ^ word, prime);
      high = Math.imul(high + word, prime) ^ (high >>> 15);
    }
    return this.#places.add(low, high | 0, own);
  }
}

function matches(
  { wordCount, wordHashes, wordIsVariable }: LineScanner,
  hashes: Int32Array,
  isVariable: Uint8Array,
): boolean {
  if (wordCount !== hashes.length) return false;
  for (let n = 0; n < wordCount; n++) {
    if (isVariable[n] !== 0) continue;
    if (wordIsVariable[n] !== 0 || wordHashes[n] !== hashes[n]) return false;
  }
  return true;
}
