// Hot: guarded by `bench miner`.
import { templateVariablesMax } from "#shared/model/line_template.ts";

const ordinary = 0;
const delimiter = 1;
const digit = 2;

/** What stands between words. Brackets are among them, which is what keeps `<0>` in a template's text unambiguous. */
const delimiters = " \t=:,;()[]{}\"'|<>@/";
const dateWords =
  "Mon Tue Wed Thu Fri Sat Sun Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(" ");

const kinds = new Uint8Array(256).fill(ordinary);
for (const character of delimiters) kinds[character.charCodeAt(0)] = delimiter;
for (const character of "0123456789") kinds[character.charCodeAt(0)] = digit;
const dateWordKeys = new Set(dateWords.map((word) => keyOf(Buffer.from(word), 0)));
/** First letters of date words, so that most words of three letters need no look into the set. */
const dateInitials = new Uint8Array(256);
for (const word of dateWords) dateInitials[word.charCodeAt(0)] = 1;

const opening = "<".charCodeAt(0);
const closing = ">".charCodeAt(0);
const zero = "0".charCodeAt(0);
const basis = 0x811c9dc5 | 0;
const prime = 0x01000193;
const variableMark = 0x1d1d1d1d;
/** Words of a line that are looked at one by one; lines with more are mined by their whole shape alone. */
const wordsMax = 256;

function isPlaceholder(bytes: Uint8Array, start: number, end: number): boolean {
  if (bytes[end] !== closing || end - start > 2) return false;
  const first = (bytes[start] ?? 0) - zero;
  if (end - start === 1) return first >= 0 && first <= 9;
  const number = 10 * first + (bytes[start + 1] ?? 0) - zero;
  return first > 0 && number < templateVariablesMax;
}

function keyOf(bytes: Uint8Array, at: number): number {
  return (bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8) | ((bytes[at + 2] ?? 0) << 16);
}

function isDateWord(bytes: Uint8Array, start: number, end: number): boolean {
  if (end - start !== 3 || dateInitials[bytes[start] ?? 0] === 0) return false;
  return dateWordKeys.has(keyOf(bytes, start));
}

/**
 * Finds the variables of a line: words with a digit, and the names of days and months. The hash covers all the rest, so lines
 * that differ in their variables alone have the same one (FNV-1a over words, http://www.isthe.com/chongo/tech/comp/fnv/).
 */
export class LineScanner {
  /** Variables that scan() or words() found. */
  variables = 0;
  readonly starts = new Int32Array(templateVariablesMax);
  readonly ends = new Int32Array(templateVariablesMax);
  /** Filled by words(): bounds, a hash, and whether it is a variable. */
  wordCount = 0;
  readonly wordStarts = new Int32Array(wordsMax);
  readonly wordEnds = new Int32Array(wordsMax);
  readonly wordHashes = new Int32Array(wordsMax);
  readonly wordIsVariable = new Uint8Array(wordsMax);
  /** Filled by words(): a hash of the delimiters and the number of words. */
  outline = 0;

  /** The hash of bytes[begin, end). */
  scan(bytes: Uint8Array, begin: number, end: number): number {
    const { starts, ends } = this;
    let hash = basis;
    let word = basis;
    let start = begin;
    let isVariable = false;
    let count = 0;
    for (let i = begin; i < end; i++) {
      const byte = bytes[i] ?? 0;
      const kind = kinds[byte];
      if (kind === ordinary) {
        word = Math.imul(word ^ byte, prime);
        continue;
      }
      if (kind === digit) {
        isVariable = true;
        continue;
      }
      if (i > start) {
        if (isVariable || isDateWord(bytes, start, i)) {
          starts[count] = start;
          ends[count++] = i;
          hash = Math.imul(hash ^ variableMark, prime);
          if (count === templateVariablesMax) {
            ends[count - 1] = end;
            this.variables = count;
            return hash;
          }
        } else hash = Math.imul(hash ^ word, prime);
      }
      hash = Math.imul(hash ^ byte, prime);
      word = basis;
      start = i + 1;
      isVariable = false;
    }
    if (end > start) {
      if (isVariable || isDateWord(bytes, start, end)) {
        starts[count] = start;
        ends[count++] = end;
        hash = Math.imul(hash ^ variableMark, prime);
      } else hash = Math.imul(hash ^ word, prime);
    }
    this.variables = count;
    return hash;
  }

  /** Whether a variable stands in the line just as a template's text would name one: `<7>`. */
  holdsPlaceholder(bytes: Uint8Array): boolean {
    for (let v = 0; v < this.variables; v++) {
      const start = this.starts[v] ?? 0;
      if (
        start > 0 &&
        bytes[start - 1] === opening &&
        isPlaceholder(bytes, start, this.ends[v] ?? 0)
      )
        return true;
    }
    return false;
  }

  /** The words of a line one by one; false where they are too many. */
  words(bytes: Uint8Array, begin: number, end: number): boolean {
    let outline = basis;
    let word = basis;
    let start = begin;
    let isVariable = false;
    this.wordCount = 0;
    for (let i = begin; i <= end; i++) {
      const byte = bytes[i] ?? 0;
      const kind = i === end ? delimiter : kinds[byte];
      if (kind !== delimiter) {
        word = Math.imul(word ^ byte, prime);
        if (kind === digit) isVariable = true;
        continue;
      }
      if (i > start) {
        if (this.wordCount === wordsMax) return false;
        const n = this.wordCount++;
        this.wordStarts[n] = start;
        this.wordEnds[n] = i;
        this.wordHashes[n] = word;
        this.wordIsVariable[n] = isVariable || isDateWord(bytes, start, i) ? 1 : 0;
        outline = Math.imul(outline ^ variableMark, prime);
      }
      if (i < end) outline = Math.imul(outline ^ byte, prime);
      word = basis;
      start = i + 1;
      isVariable = false;
    }
    this.outline = outline;
    return true;
  }

  /** Makes the words named by `isVariable` the variables; false where they are too many. */
  takeWords(isVariable: Uint8Array): boolean {
    let count = 0;
    for (let n = 0; n < this.wordCount; n++) {
      if (isVariable[n] === 0) continue;
      if (count === templateVariablesMax) return false;
      this.starts[count] = this.wordStarts[n] ?? 0;
      this.ends[count++] = this.wordEnds[n] ?? 0;
    }
    this.variables = count;
    return true;
  }
}
