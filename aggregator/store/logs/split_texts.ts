import { ShapeTable } from "#proto/codec/shape_table.ts";
import { widthOf } from "../parquet/encode.ts";

const zero = "0".charCodeAt(0);
const nine = "9".charCodeAt(0);
/** A run of more digits counts as several. */
const runMax = 9;
/** What an entry of a dictionary takes besides its text. */
const entryHeadBytes = 4;
/** Zstd makes other characters than digits about half as large. */
const packedShare = 0.5;
/** Shapes may take so many bytes and one in so many of the texts: where they are nearly all different, the rest need not be looked at. */
const shapeBytesMax = 65_536;
const shapeBytesShare = 4;

const none = -1;
const ofLengthSize = 256;
/** Shapes of one length that a text is compared with before it is looked up. */
const triesMax = 8;

/** Texts of which only the digits differ: the text is the shape with each digit n in it replaced by the next n digits. */
export type SplitTexts = {
  /** A text's entry of `shapes`. */
  readonly numbers: Uint32Array;
  readonly shapes: readonly Uint8Array[];
  /** Digits of all texts, one after another, and how many each has. */
  readonly digits: Uint8Array<ArrayBuffer>;
  readonly digitCounts: Uint32Array;
};

/**
 * Takes the digits out of a column's texts. What is left, `4-2-2` of `2005-12-06`, comes again and again and is told by number;
 * and digits alone take 3.4 bits each, where among other characters they take 3.6 to 4, and each dash as much.
 */
export class TextSplitter {
  readonly #shapes = new ShapeTable();
  /** By shape: where its first text begins, bytes of each, and the shape of the text that came after the last one. */
  #first = new Int32Array(256);
  #lengths = new Int32Array(256);
  #after = new Int32Array(256);
  /** The newest shape of texts of a length, and by shape the one before it. */
  readonly #ofLength = new Int32Array(ofLengthSize);
  #nextOfLength = new Int32Array(256);
  #digits = new Uint8Array(0);
  #digit = 0;

  /** Texts one after another; undefined where their shapes would take more than they save. What it gives is good until the next call. */
  split(bytes: Uint8Array, lengths: Uint32Array): SplitTexts | undefined {
    if (areDigits(bytes)) return undefined;
    const shapes = this.#shapes;
    shapes.clear();
    this.#ofLength.fill(none);
    if (this.#digits.length < bytes.length) this.#digits = new Uint8Array(bytes.length);
    this.#digit = 0;
    const numbers = new Uint32Array(lengths.length);
    const digitCounts = new Uint32Array(lengths.length);
    let at = 0;
    let last = none;
    for (let text = 0; text < lengths.length; text++) {
      const length = lengths[text] ?? 0;
      const before = this.#digit;
      const number = this.#numberOf(bytes, at, length, last);
      if (last !== none) this.#after[last] = number;
      last = number;
      numbers[text] = number;
      digitCounts[text] = this.#digit - before;
      at += length;
      if (shapes.length > shapeBytesMax + at / shapeBytesShare) return undefined;
    }
    const others = bytes.length - this.#digit;
    const dictionaryBytes = shapes.length + entryHeadBytes * shapes.count;
    const numberBytes = (lengths.length * widthOf(shapes.count)) / 8;
    if (packedShare * dictionaryBytes + numberBytes > packedShare * others) return undefined;
    const kept = Array.from({ length: shapes.count }, (_, number) => shapes.shape(number));
    const digits = this.#digits.subarray(0, this.#digit);
    return { numbers, shapes: kept, digits, digitCounts };
  }

  /** Takes the digits of a text, and gives the number of its shape: likely the one that came after the same one last time, or one of a text as long. */
  #numberOf(bytes: Uint8Array, from: number, length: number, last: number): number {
    const digits = this.#digits;
    const [firsts, lengths] = [this.#first, this.#lengths];
    const likely = last === none ? none : (this.#after[last] ?? none);
    if (likely !== none && lengths[likely] === length) {
      const digit = takeAlike(bytes, from, length, firsts[likely] ?? 0, digits, this.#digit);
      if (digit !== -1) {
        this.#digit = digit;
        return likely;
      }
    }
    let other = this.#ofLength[length % ofLengthSize] ?? none;
    for (let tries = 0; other !== none && tries < triesMax; tries++) {
      if (lengths[other] === length) {
        const digit = takeAlike(bytes, from, length, firsts[other] ?? 0, digits, this.#digit);
        if (digit !== -1) {
          this.#digit = digit;
          return other;
        }
      }
      other = this.#nextOfLength[other] ?? none;
    }
    return this.#take(bytes, from, length);
  }

  /** Takes the digits of bytes[from, from + length), and gives the number of its shape. */
  #take(bytes: Uint8Array, from: number, length: number): number {
    const shapes = this.#shapes;
    shapes.ensure(length);
    const to = writeShape(bytes, from, length, shapes.bytes, shapes.length);
    this.#digit = takeDigits(bytes, from, length, this.#digits, this.#digit);
    const known = shapes.count;
    const number = shapes.numberOf(to, -1);
    if (number === known) this.#note(number, from, length);
    return number;
  }

  #note(number: number, from: number, length: number): void {
    if (number === this.#lengths.length) {
      this.#first = doubled(this.#first);
      this.#lengths = doubled(this.#lengths);
      this.#after = doubled(this.#after);
      this.#nextOfLength = doubled(this.#nextOfLength);
    }
    this.#first[number] = from;
    this.#lengths[number] = length;
    this.#after[number] = number;
    this.#nextOfLength[number] = this.#ofLength[length % ofLengthSize] ?? none;
    this.#ofLength[length % ofLengthSize] = number;
  }
}

/** Writes the shape of bytes[from, from + length) at `at`, and gives where it ends. */
function writeShape(
  bytes: Uint8Array,
  from: number,
  length: number,
  into: Uint8Array,
  at: number,
): number {
  let to = at;
  let run = 0;
  for (let i = from, end = from + length; i < end; i++) {
    const byte = bytes[i] ?? 0;
    if (byte >= zero && byte <= nine) {
      if (run === runMax) {
        into[to++] = zero + runMax;
        run = 0;
      }
      run++;
      continue;
    }
    if (run > 0) into[to++] = zero + run;
    run = 0;
    into[to++] = byte;
  }
  if (run > 0) into[to++] = zero + run;
  return to;
}

/** Appends the digits of bytes[from, from + length) to digits[0, digit), and gives where they end. */
function takeDigits(
  bytes: Uint8Array,
  from: number,
  length: number,
  digits: Uint8Array,
  digit: number,
): number {
  let to = digit;
  for (let i = from, end = from + length; i < end; i++) {
    const byte = bytes[i] ?? 0;
    if (byte >= zero && byte <= nine) digits[to++] = byte;
  }
  return to;
}

/** Takes the digits of the text at `from` if it has the shape of the one at `other`, and gives where they end in `digits`; else -1. */
function takeAlike(
  bytes: Uint8Array,
  from: number,
  length: number,
  other: number,
  digits: Uint8Array,
  digit: number,
): number {
  let to = digit;
  for (let i = 0; i < length; i++) {
    const byte = bytes[from + i] ?? 0;
    const like = bytes[other + i] ?? 0;
    if (byte >= zero && byte <= nine) {
      if (like < zero || like > nine) return -1;
      digits[to++] = byte;
    } else if (like !== byte) return -1;
  }
  return to;
}

function doubled(numbers: Int32Array<ArrayBuffer>): Int32Array<ArrayBuffer> {
  const more = new Int32Array(2 * numbers.length);
  more.set(numbers);
  return more;
}

function areDigits(bytes: Uint8Array): boolean {
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i] ?? 0;
    if (byte < zero || byte > nine) return false;
  }
  return true;
}
