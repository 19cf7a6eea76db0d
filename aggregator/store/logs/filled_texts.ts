import { encodings } from "../parquet/column_pages.ts";
import { dictionaryNumbers, dictionaryTexts, type TextValues } from "../parquet/flat_columns.ts";
import { type FlatColumn, pagesOf } from "../parquet/flat_pages.ts";
import { UnsupportedParquet } from "../parquet/unsupported.ts";

const zero = "0".charCodeAt(0);
const nine = "9".charCodeAt(0);

/**
 * Texts that TextSplitter took apart: shapes by number, and the digits of all, one after another. Numbers and digits stay packed until
 * somebody wants the bytes of the texts; what has no digit is looked for in the shapes alone.
 */
export class FilledTexts {
  readonly #texts: FlatColumn;
  readonly #digits: FlatColumn;
  readonly #shapes: Uint8Array;
  readonly #shapeEnds: Uint32Array;
  #patterns: Patterns | undefined;

  /** `texts` and the digits that were taken out of them; undefined where these are texts as they are. Throws UnsupportedParquet. */
  static of(texts: FlatColumn, digits: FlatColumn): FilledTexts | undefined {
    const shapes = dictionaryTexts(texts);
    // Where no text has a digit, there is nothing to fill in, and the other column is empty.
    return shapes && new FilledTexts(texts, digits, shapes.bytes, shapes.ends);
  }

  private constructor(
    texts: FlatColumn,
    digits: FlatColumn,
    shapes: Uint8Array,
    shapeEnds: Uint32Array,
  ) {
    this.#texts = { ...texts, bytes: texts.bytes.slice() };
    this.#digits = { ...digits, bytes: digits.bytes.slice() };
    this.#shapes = shapes;
    this.#shapeEnds = shapeEnds;
  }

  get memory(): number {
    const packed = this.#texts.bytes.length + this.#digits.bytes.length;
    const patterns = this.#patterns;
    const more = patterns === undefined ? 0 : patterns.bytes.length + patterns.starts.byteLength;
    return packed + this.#shapes.length + this.#shapeEnds.byteLength + more;
  }

  /** Whether a text may hold the needle; undefined where that takes the texts put together: some are like it but for their digits. */
  mayHold(needle: Uint8Array): boolean | undefined {
    const like = needle.map((byte) => (isDigit(byte) ? zero : byte));
    const { bytes } = this.#patternsOnce();
    const isIn = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).includes(like);
    return isIn && needle.some(isDigit) ? undefined : isIn;
  }

  #patternsOnce(): Patterns {
    this.#patterns ??= patternsOf(this.#shapes, measured(this.#shapes, this.#shapeEnds).lengths);
    return this.#patterns;
  }

  /** The bytes of each text. Throws UnsupportedParquet. */
  lengths(): { readonly lengths: Uint32Array; readonly isPresent: Uint8Array | undefined } {
    const { numbers, isPresent } = dictionaryNumbers(this.#texts, this.#shapeEnds.length);
    const { lengths } = measured(this.#shapes, this.#shapeEnds);
    return { lengths: numbers.map((number) => lengths[number] ?? 0), isPresent };
  }

  /** A text of each shape, with zeros for its digits, and the shape of each text. Throws UnsupportedParquet. */
  patterns(): PatternedTexts {
    const { numbers, isPresent } = dictionaryNumbers(this.#texts, this.#shapeEnds.length);
    return { ...this.#patternsOnce(), numbers, isPresent };
  }

  /** The texts put together. Throws UnsupportedParquet. */
  fill(): TextValues {
    const { numbers, isPresent } = dictionaryNumbers(this.#texts, this.#shapeEnds.length);
    const { lengths, digitCounts } = measured(this.#shapes, this.#shapeEnds);
    const ends = new Uint32Array(numbers.length);
    let [size, digits] = [0, 0];
    for (let text = 0; text < numbers.length; text++) {
      const number = numbers[text] ?? 0;
      ends[text] = size += lengths[number] ?? 0;
      digits += digitCounts[number] ?? 0;
    }
    const patterns = this.#patternsOnce();
    const bytes = new Uint8Array(size);
    const given = digitsOf(this.#digits, numbers.length, digits);
    fillPatterns(patterns.bytes, patterns.starts, numbers, given, bytes);
    return { bytes, ends, isPresent };
  }
}

/** Bytes and digits of a text of each shape. */
function measured(shapes: Uint8Array, ends: Uint32Array) {
  const lengths = new Uint32Array(ends.length);
  const digitCounts = new Uint32Array(ends.length);
  let at = 0;
  for (let shape = 0; shape < ends.length; shape++) {
    const end = ends[shape] ?? 0;
    let [others, digits] = [0, 0];
    for (; at < end; at++) {
      const byte = shapes[at] ?? 0;
      if (isDigit(byte)) digits += byte - zero;
      else others++;
    }
    lengths[shape] = others + digits;
    digitCounts[shape] = digits;
  }
  return { lengths, digitCounts };
}

/** Texts whose digits stand elsewhere: pattern n is bytes[starts[n], starts[n + 1]). */
export type PatternedTexts = Patterns & {
  /** By text. */
  readonly numbers: Uint32Array;
  /** By row; undefined where every row has a text. */
  readonly isPresent: Uint8Array | undefined;
};

type Patterns = { readonly bytes: Uint8Array; readonly starts: Uint32Array };

/** A text of each shape with a zero in place of every digit; `starts` has one more. */
function patternsOf(shapes: Uint8Array, lengths: Uint32Array): Patterns {
  const starts = new Uint32Array(lengths.length + 1);
  for (let i = 0; i < lengths.length; i++) starts[i + 1] = (starts[i] ?? 0) + (lengths[i] ?? 0);
  const bytes = new Uint8Array(starts[lengths.length] ?? 0);
  let to = 0;
  for (let at = 0; at < shapes.length; at++) {
    const byte = shapes[at] ?? 0;
    if (isDigit(byte)) to += byte - zero;
    else bytes[to++] = byte;
    if (isDigit(byte)) bytes.fill(zero, to - byte + zero, to);
  }
  return { bytes, starts };
}

function fillPatterns(
  patterns: Uint8Array,
  starts: Uint32Array,
  numbers: Uint32Array,
  digits: Uint8Array,
  into: Uint8Array,
): void {
  let [to, digit] = [0, 0];
  for (let text = 0; text < numbers.length; text++) {
    const number = numbers[text] ?? 0;
    const end = starts[number + 1] ?? 0;
    for (let at = starts[number] ?? 0; at < end; at++) {
      const byte = patterns[at] ?? 0;
      into[to++] = byte === zero ? (digits[digit++] ?? 0) : byte;
    }
  }
}

/** The digits of `texts` texts, `count` in all, at the end of the only page. */
function digitsOf(column: FlatColumn, texts: number, count: number): Uint8Array {
  if (count === 0) return new Uint8Array();
  const [page, ...more] = pagesOf(column).pages;
  if (page?.encoding !== encodings.deltaLengthByteArray || more.length > 0)
    throw new UnsupportedParquet(`${column.chunk.path} in encoding ${page?.encoding}`);
  if (page.count !== texts || count > page.bytes.length)
    throw new UnsupportedParquet("digits are cut off");
  return page.bytes.subarray(page.bytes.length - count);
}

function isDigit(byte: number): boolean {
  return byte >= zero && byte <= nine;
}
