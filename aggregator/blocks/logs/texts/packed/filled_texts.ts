import { encodings } from "../../../parquet/column_pages.ts";
import { DeltaColumn } from "../../../parquet/delta_column.ts";
import {
  dictionaryNumbers,
  dictionaryTexts,
  type TextValues,
} from "../../../parquet/flat_columns.ts";
import { type FlatColumn, pagesOf } from "../../../parquet/flat_pages.ts";
import { UnsupportedParquet } from "../../../parquet/unsupported.ts";
import type { CompactTexts } from "../compact_texts.ts";
import { type Forms, formsBytes, formsOf, type SplitForms } from "../forms.ts";
import { ShapePatterns } from "../shape_patterns.ts";
import { bufferOf, isDigit, type SplitTest, splitTest, type TextTest } from "../text_tests.ts";
import { unpackDigits } from "./packed_digits.ts";

const zero = "0".charCodeAt(0);
/** Tests of fewer digits, at one place of a pattern, are made text by text: the digits alone have them everywhere. */
const searchedDigitsMin = 3;

const [unknown, yes, no] = [0, 1, 2];

/** The pattern of each text, and its row: undefined where every row has one. */
type Numbers = {
  readonly numbers: Uint16Array | Uint32Array;
  readonly rowOf: Uint32Array | undefined;
};

/** Texts whose digits stand elsewhere, by their patterns. */
export type PatternedTexts = Numbers & { readonly patterns: ShapePatterns };

/**
 * Texts of which only the digits differ, as files of versions 1 and 2 have them: shapes by number, and the digits of all, one after another; a text is its shape with each digit
 * n in it replaced by the next n digits (docs/formats/packed_digits.md). Numbers and digits are unpacked when first
 * needed. A search expands no text: it looks for the pattern among those of the shapes, and for the digits among the digits.
 */
export class FilledTexts implements CompactTexts {
  readonly patterns: ShapePatterns;
  readonly #texts: FlatColumn;
  #packed: FlatColumn | undefined;
  #digits: Uint8Array | undefined;
  #numbers: Numbers | undefined;
  #forms: Forms | "many" | undefined;

  /** Undefined where these are texts as they are. Their digits are given later. Throws UnsupportedParquet. */
  static of(texts: FlatColumn): FilledTexts | undefined {
    const shapes = dictionaryTexts(texts);
    return shapes && new FilledTexts(texts, new ShapePatterns(shapes.bytes, shapes.ends));
  }

  private constructor(texts: FlatColumn, patterns: ShapePatterns) {
    this.#texts = { ...texts, bytes: texts.bytes.slice() };
    this.patterns = patterns;
  }

  /** The column of digits that were taken out of the texts. Where no text has a digit, there is nothing to fill in, and it is empty. */
  giveDigits(column: FlatColumn): void {
    this.#packed = { ...column, bytes: column.bytes.slice() };
  }

  get memory(): number {
    const packed = this.#texts.bytes.length + (this.#packed?.bytes.length ?? 0);
    const known = this.#numbers;
    const numbers = (known?.numbers.byteLength ?? 0) + (known?.rowOf?.byteLength ?? 0);
    const digits = this.#digits?.buffer.byteLength ?? 0;
    const forms = typeof this.#forms === "object" ? formsBytes(this.#forms) : 0;
    return packed + this.patterns.memory + digits + numbers + forms;
  }

  /** Whether a test is about digits that were not given, and some text is like it but for its digits. */
  needsDigits(test: TextTest): boolean {
    if (this.#packed !== undefined || this.#digits !== undefined) return false;
    const split = splitTest(test);
    return split.digits.length > 0 && this.patterns.alike(split) !== undefined;
  }

  /** The pattern of each text. Throws UnsupportedParquet. */
  numbers(): Numbers {
    if (this.#numbers !== undefined) return this.#numbers;
    const { count } = this.patterns;
    const { numbers, rowOf } = dictionaryNumbers(this.#texts, count);
    const narrow = count <= 2 ** 16 ? new Uint16Array(numbers) : numbers;
    return (this.#numbers = { numbers: narrow, rowOf });
  }

  get count(): number {
    return this.numbers().numbers.length;
  }

  get rowOf(): Uint32Array | undefined {
    return this.numbers().rowOf;
  }

  split(templateOf: Uint32Array, templates: number): SplitForms | undefined {
    const { numbers, rowOf } = this.numbers();
    this.#forms ??= formsOf(numbers, rowOf, this.patterns, templateOf, templates) ?? "many";
    return this.#forms === "many" ? undefined : { forms: this.#forms, patterns: this.patterns };
  }

  /** Digits of all texts, one after another. Throws UnsupportedParquet. */
  get digits(): Uint8Array {
    return (this.#digits ??= this.#readDigits());
  }

  /** The bytes of each text. Throws UnsupportedParquet. */
  lengths(): { readonly lengths: Uint32Array; readonly rowOf: Uint32Array | undefined } {
    const { numbers, rowOf } = this.numbers();
    const { starts } = this.patterns;
    const lengths = new Uint32Array(numbers.length);
    for (let text = 0; text < lengths.length; text++) {
      const number = numbers[text] ?? 0;
      lengths[text] = (starts[number + 1] ?? 0) - (starts[number] ?? 0);
    }
    return { lengths, rowOf };
  }

  /** Numbers of the texts that pass a test, ascending. Throws UnsupportedParquet. */
  textsWith(test: TextTest): number[] {
    const split = splitTest(test);
    const alike = this.patterns.alike(split);
    if (alike === undefined) return [];
    if (split.digits.length === 0) return this.#textsOf(alike);
    if (test.is !== "within" && split.digits.length < searchedDigitsMin)
      return this.#textByText(split, alike);
    const at = bufferOf(this.digits).indexOf(split.digits);
    return at < 0 ? [] : this.#textsAt(split, alike, at);
  }

  /** Texts whose pattern is one of these. */
  #textsOf(alike: Uint8Array): number[] {
    const { numbers } = this.numbers();
    const found: number[] = [];
    for (let text = 0; text < numbers.length; text++)
      if (alike[numbers[text] ?? 0] === 1) found.push(text);
    return found;
  }

  /** Those in which the digits of a test stand where its pattern does; the first of these digits are at `first` of all. */
  #textsAt(test: SplitTest, alike: Uint8Array, first: number): number[] {
    const { patterns } = this;
    const { numbers } = this.numbers();
    return textsAt({ numbers, patterns, digits: this.digits }, test, alike, first);
  }

  /** Of a test whose digits stand at one place of each pattern. */
  #textByText(test: SplitTest, alike: Uint8Array): number[] {
    const { numbers } = this.numbers();
    const { digitCounts } = this.patterns;
    const bytes = this.digits;
    const { digits, is } = test;
    const found: number[] = [];
    let at = 0;
    for (let text = 0; text < numbers.length; text++) {
      const number = numbers[text] ?? 0;
      const count = digitCounts[number] ?? 0;
      if (alike[number] === 1) {
        const from = is === "suffix" ? at + count - digits.length : at;
        let i = 0;
        while (i < digits.length && bytes[from + i] === digits[i]) i++;
        if (i === digits.length) found.push(text);
      }
      at += count;
    }
    return found;
  }

  /** The texts put together. Throws UnsupportedParquet. */
  fill(): TextValues {
    const { numbers, rowOf } = this.numbers();
    const { starts, bytes: patterns } = this.patterns;
    const ends = new Uint32Array(numbers.length);
    let size = 0;
    for (let text = 0; text < numbers.length; text++) {
      const number = numbers[text] ?? 0;
      ends[text] = size += (starts[number + 1] ?? 0) - (starts[number] ?? 0);
    }
    const { digits } = this;
    // Texts of digits alone are there already.
    const bytes = size === digits.length ? digits : new Uint8Array(size);
    if (bytes !== digits) fillPatterns(patterns, starts, numbers, digits, bytes);
    return { bytes, ends, rowOf };
  }

  /** Walks the texts by ascending rows, and puts those together that are asked for. */
  cursor(): SplitCursor {
    return new SplitCursor({ ...this.numbers(), patterns: this.patterns }, this.digits);
  }

  #readDigits(): Uint8Array {
    const { numbers } = this.numbers();
    const { digitCounts } = this.patterns;
    let count = 0;
    for (let text = 0; text < numbers.length; text++) count += digitCounts[numbers[text] ?? 0] ?? 0;
    if (count === 0) return nothing;
    if (this.#packed === undefined) throw new RangeError("digits were not given");
    const digits = digitsIn(this.#packed, numbers.length, count);
    this.#packed = undefined;
    return digits;
  }
}

/** The digits of `texts` texts, `count` in all: packed part by part; in files of version 1, those of each text as they are. */
function digitsIn(column: FlatColumn, texts: number, count: number): Uint8Array {
  const [page, ...more] = pagesOf(column).pages;
  if (page?.encoding !== encodings.deltaLengthByteArray || more.length > 0)
    throw new UnsupportedParquet(`${column.chunk.path} in encoding ${page?.encoding}`);
  const { bytes } = page;
  const lengths = new DeltaColumn(bytes).decodeAll();
  const from = bytes.length - lengths.reduce((sum, length) => sum + length, 0);
  if (from < 0) throw new UnsupportedParquet("digits are cut off");
  // No value of packed digits begins with one.
  if (lengths.length !== texts || !isDigit(bytes[from] ?? 0))
    return unpackDigits(bytes.subarray(from), lengths, count);
  if (bytes.length - from !== count) throw new UnsupportedParquet("digits are cut off");
  return bytes.subarray(from);
}

/** Texts by pattern, and the digits of all. */
type Digits = Pick<PatternedTexts, "numbers" | "patterns"> & { readonly digits: Uint8Array };

/** Numbers of the texts that pass a test, of the patterns `alike`; the test's digits are not among the digits before `first`. */
function textsAt(
  { numbers, patterns, digits }: Digits,
  test: SplitTest,
  alike: Uint8Array,
  first: number,
): number[] {
  const { digitCounts, digitStarts, count } = patterns;
  const all = bufferOf(digits);
  const wanted = bufferOf(test.digits);
  // By digit of each pattern: whether a test passes whose first digit it is, as far as that was asked.
  const known = new Uint8Array(digitStarts[count] ?? 0);
  const found: number[] = [];
  // The digits of the text are digits[start, end).
  // One by one: variables that are taken out of a list together make this loop take twice as long (JavaScriptCore, measured).
  let text = 0;
  let number = numbers[0] ?? 0;
  let start = 0;
  let end = start + (digitCounts[number] ?? 0);
  for (let at = all.indexOf(wanted, first); at >= 0;) {
    for (; end <= at; end += digitCounts[number] ?? 0) {
      number = numbers[++text] ?? 0;
      start = end;
    }
    const digit = (digitStarts[number] ?? 0) + at - start;
    if (known[digit] === unknown) {
      const isPassing = alike[number] === 1 && patterns.passesFrom(number, at - start, test);
      known[digit] = isPassing ? yes : no;
    }
    const isFound = known[digit] === yes;
    if (isFound) found.push(text);
    at = all.indexOf(wanted, isFound ? end : at + 1);
  }
  return found;
}

function fillPatterns(
  patterns: Uint8Array,
  starts: Uint32Array,
  numbers: Uint16Array | Uint32Array,
  digits: Uint8Array,
  into: Uint8Array,
): void {
  let to = 0;
  let digit = 0;
  for (let text = 0; text < numbers.length; text++) {
    const number = numbers[text] ?? 0;
    const end = starts[number + 1] ?? 0;
    for (let at = starts[number] ?? 0; at < end; at++) {
      const byte = patterns[at] ?? 0;
      into[to++] = byte === zero ? (digits[digit++] ?? 0) : byte;
    }
  }
}

/** As TextCursor: `bytes` holds the text of the row that was asked for last. */
class SplitCursor {
  readonly bytes: Uint8Array;
  readonly start = 0;
  end = 0;
  readonly #texts: PatternedTexts;
  readonly #digits: Uint8Array;
  /** The first text that is not before the row at hand, and where its digits begin. */
  #text = 0;
  #digit = 0;

  constructor(texts: PatternedTexts, digits: Uint8Array) {
    this.#texts = texts;
    this.#digits = digits;
    const { starts } = texts.patterns;
    let longest = 0;
    for (let i = 0; i + 1 < starts.length; i++)
      longest = Math.max(longest, (starts[i + 1] ?? 0) - (starts[i] ?? 0));
    this.bytes = new Uint8Array(longest);
  }

  /** Whether a row, which is not before the last one asked for, has a text; it is bytes[start, end) then. */
  seek(row: number): boolean {
    const { numbers, rowOf, patterns } = this.#texts;
    const { digitCounts } = patterns;
    while (this.#text < numbers.length) {
      if ((rowOf === undefined ? this.#text : (rowOf[this.#text] ?? row)) >= row) break;
      this.#digit += digitCounts[numbers[this.#text++] ?? 0] ?? 0;
    }
    if (this.#text === numbers.length || (rowOf?.[this.#text] ?? row) !== row) return false;
    const number = numbers[this.#text] ?? 0;
    const from = patterns.starts[number] ?? 0;
    this.end = (patterns.starts[number + 1] ?? 0) - from;
    let digit = this.#digit;
    for (let i = 0; i < this.end; i++) {
      const byte = patterns.bytes[from + i] ?? 0;
      this.bytes[i] = byte === zero ? (this.#digits[digit++] ?? 0) : byte;
    }
    return true;
  }
}

const nothing = new Uint8Array();
