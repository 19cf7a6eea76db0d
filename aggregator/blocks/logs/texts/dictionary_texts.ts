// Hot: guarded by `bench search`.
import type { NumberedTexts } from "#shared/model/line_columns.ts";
import { dictionaryNumbers, dictionaryTexts, type TextValues } from "../../parquet/flat_columns.ts";
import { type FlatColumn, numberedPages } from "../../parquet/flat_pages.ts";
import type { CompactTexts, RowCursor } from "./compact_texts.ts";
import { firstFrom, valuesWith } from "./find_texts.ts";
import { type Forms, formsBytes, formsOf, type SplitForms } from "./forms.ts";
import type { TextTest } from "./text_tests.ts";

/** The number of each text, and its row: undefined where every row has one. */
type Numbers = {
  readonly numbers: Uint16Array | Uint32Array;
  readonly rowOf: Uint32Array | undefined;
};

/** Texts in a dictionary. Their numbers are unpacked when first needed, and a search tests each entry once. */
export class DictionaryTexts implements CompactTexts {
  /** Until the numbers are unpacked. */
  #column: FlatColumn | undefined;
  readonly #bytes: Uint8Array;
  /** Of the different texts; one more for the end of the last one. */
  readonly #starts: Uint32Array;
  readonly #ends: Uint32Array;
  #numbers: Numbers | undefined;
  #forms: Forms | "many" | undefined;

  /** Undefined where not all texts are numbered. Throws UnsupportedParquet. */
  static of(column: FlatColumn): DictionaryTexts | undefined {
    if (numberedPages(column) !== 1) return undefined;
    const texts = dictionaryTexts(column);
    return texts && new DictionaryTexts(column, texts.bytes, texts.ends);
  }

  private constructor(column: FlatColumn, bytes: Uint8Array, ends: Uint32Array) {
    this.#column = { ...column, bytes: column.bytes.slice() };
    this.#bytes = bytes;
    this.#starts = new Uint32Array(ends.length + 1);
    this.#starts.set(ends, 1);
    this.#ends = this.#starts.subarray(1);
  }

  get memory(): number {
    const known = this.#numbers;
    const numbers = (known?.numbers.byteLength ?? 0) + (known?.rowOf?.byteLength ?? 0);
    const forms = typeof this.#forms === "object" ? formsBytes(this.#forms) : 0;
    const packed = this.#column?.bytes.length ?? 0;
    return packed + this.#bytes.buffer.byteLength + this.#starts.byteLength + numbers + forms;
  }

  get count(): number {
    return this.#read().numbers.length;
  }

  get rowOf(): Uint32Array | undefined {
    return this.#read().rowOf;
  }

  /** As a block that is written takes them up. */
  get numbered(): NumberedTexts {
    return { numbers: this.#read().numbers, bytes: this.#bytes, starts: this.#starts };
  }

  /** They have none apart. */
  get digits(): Uint8Array {
    return noDigits;
  }

  textsWith(test: TextTest): number[] {
    const found = valuesWith(test, this.#bytes, this.#ends);
    if (found.length === 0) return found;
    const { numbers } = this.#read();
    const isFound = new Uint8Array(this.#ends.length);
    for (const number of found) isFound[number] = 1;
    const texts: number[] = [];
    for (let text = 0; text < numbers.length; text++)
      if (isFound[numbers[text] ?? 0] === 1) texts.push(text);
    return texts;
  }

  lengths(): { readonly lengths: Uint32Array; readonly rowOf: Uint32Array | undefined } {
    const { numbers, rowOf } = this.#read();
    const starts = this.#starts;
    const lengths = new Uint32Array(numbers.length);
    for (let text = 0; text < lengths.length; text++) {
      const number = numbers[text] ?? 0;
      lengths[text] = (starts[number + 1] ?? 0) - (starts[number] ?? 0);
    }
    return { lengths, rowOf };
  }

  /** Throws UnsupportedParquet. */
  split(templateOf: Uint32Array, templates: number): SplitForms | undefined {
    const { numbers, rowOf } = this.#read();
    const count = this.#ends.length;
    const patterns = { count, bytes: this.#bytes, starts: this.#starts, digitCounts: undefined };
    this.#forms ??= formsOf(numbers, rowOf, patterns, templateOf, templates) ?? "many";
    return this.#forms === "many" ? undefined : { forms: this.#forms, patterns };
  }

  fill(): TextValues {
    const { numbers, rowOf } = this.#read();
    const starts = this.#starts;
    const ends = new Uint32Array(numbers.length);
    let size = 0;
    for (let text = 0; text < numbers.length; text++) {
      const number = numbers[text] ?? 0;
      ends[text] = size += (starts[number + 1] ?? 0) - (starts[number] ?? 0);
    }
    const bytes = new Uint8Array(size);
    let to = 0;
    for (let text = 0; text < numbers.length; text++) {
      const number = numbers[text] ?? 0;
      const end = starts[number + 1] ?? 0;
      for (let at = starts[number] ?? 0; at < end; at++) bytes[to++] = this.#bytes[at] ?? 0;
    }
    return { bytes, ends, rowOf };
  }

  cursor(): RowCursor {
    return new NumberedCursor(this.#read(), this.#bytes, this.#starts);
  }

  /** Throws UnsupportedParquet. */
  #read(): Numbers {
    if (this.#numbers !== undefined) return this.#numbers;
    if (this.#column === undefined) throw new RangeError("a dictionary without numbers");
    const count = this.#ends.length;
    const { numbers, rowOf } = dictionaryNumbers(this.#column, count);
    this.#column = undefined;
    const narrow = count <= 2 ** 16 ? new Uint16Array(numbers) : numbers;
    return (this.#numbers = { numbers: narrow, rowOf });
  }
}

/** Texts are not copied. */
class NumberedCursor implements RowCursor {
  readonly bytes: Uint8Array;
  start = 0;
  end = 0;
  readonly #texts: Numbers;
  readonly #starts: Uint32Array;
  /** The first text that is not before the row at hand. */
  #text = 0;

  constructor(texts: Numbers, bytes: Uint8Array, starts: Uint32Array) {
    this.#texts = texts;
    this.bytes = bytes;
    this.#starts = starts;
  }

  seek(row: number): boolean {
    const { numbers, rowOf } = this.#texts;
    let text = row;
    if (rowOf !== undefined) {
      text = firstFrom(rowOf, row, this.#text);
      this.#text = text;
      if (rowOf[text] !== row) return false;
    }
    const number = numbers[text];
    if (number === undefined) return false;
    this.start = this.#starts[number] ?? 0;
    this.end = this.#starts[number + 1] ?? 0;
    return true;
  }
}

const noDigits = new Uint8Array();
