import type { ApartTexts } from "#shared/model/line_columns.ts";
import { encodings } from "../../parquet/column_pages.ts";
import { DeltaColumn } from "../../parquet/delta_column.ts";
import { flatTexts, type TextValues } from "../../parquet/flat_columns.ts";
import { type FlatColumn, type FlatPage, pagesOf } from "../../parquet/flat_pages.ts";
import { FilledTexts } from "./filled_texts.ts";
import { UnsupportedParquet } from "../../parquet/unsupported.ts";
import { digitForms } from "./digit_forms.ts";
import { formsBytes, type SplitForms } from "./forms.ts";
import { bufferOf, passes, passesAt, type TextTest } from "./text_tests.ts";

const countBytes = 4;
/** Shorter ones are everywhere, so that texts are tested one by one that are to begin or end with them. */
const searchedBytesMin = 3;

/** Texts of so many rows that are in memory already. */
export type HeldTexts = { readonly rows: number; readonly values: TextValues };

/**
 * The texts of a column one after another, as a search wants them: the bytes at once, and where each text ends and which row it is of
 * only when something was found.
 */
export class TextColumn {
  #page: FlatPage | undefined;
  #split: FilledTexts | undefined;
  #values: TextValues | undefined;
  /** Of values without other characters. */
  #digitForms: SplitForms | "others" | undefined;
  #ownMemory = 0;

  /** `isSplit` where the file has a column of digits that may have been taken out of the texts. Throws UnsupportedParquet. */
  constructor(column: FlatColumn | HeldTexts, isSplit = false) {
    if ("values" in column) {
      this.#values = column.values;
      return;
    }
    this.#split = isSplit ? FilledTexts.of(column) : undefined;
    if (this.#split !== undefined) return;
    const { pages } = pagesOf(column);
    const [page] = pages;
    const isCounted = page?.encoding === encodings.deltaLengthByteArray;
    if (pages.length === 1 && isCounted && new DeltaColumn(page.bytes).count > 0) {
      this.#page = page;
      this.#ownMemory = page.bytes.buffer.byteLength;
    } else if (pages.every(({ bytes, count }) => bytes.length === 0 || count === 0)) {
      this.#values = noTexts;
    } else {
      this.#values = flatTexts(column);
      this.#ownMemory = valueBytes(this.#values);
    }
  }

  /** Of a column that is split: nothing but needsDigits() and split() is asked of it before. */
  giveDigits(column: FlatColumn): void {
    this.#split?.giveDigits(column);
  }

  /** Bytes of memory, as far as it is taken now. */
  get memory(): number {
    return this.#ownMemory + (this.#split?.memory ?? 0);
  }

  /** Whether no row has a text. */
  get isEmpty(): boolean {
    if (this.#split !== undefined) return false;
    return this.#values?.ends.length === 0;
  }

  /** Whether rowsWith() needs the column of digits, which was not given. */
  needsDigits(test: TextTest): boolean {
    return this.#split?.needsDigits(test) === true;
  }

  /** Rows, ascending, whose text passes a test. Texts are not put together for it. */
  rowsWith(test: TextTest): number[] {
    if (this.#split !== undefined) {
      const texts = this.#split.textsWith(test);
      // Nearly always. Which rows have a text is not even unpacked.
      if (texts.length === 0) return texts;
      const { rowOf } = this.#split.numbers();
      return rowOf === undefined ? texts : texts.map((text) => rowOf[text] ?? 0);
    }
    const bytes = this.#page?.bytes ?? this.#values?.bytes ?? nothing;
    // Cheaper than to look where each text ends.
    if (!bufferOf(bytes).includes(test.bytes)) return [];
    const { rowOf } = this;
    const values = valuesWith(test, this.bytes, this.ends);
    return rowOf === undefined ? values : values.map((value) => rowOf[value] ?? 0);
  }

  /** How many texts. */
  get count(): number {
    return this.#split === undefined ? this.ends.length : this.#split.numbers().numbers.length;
  }

  /** The texts and their digits, as long as isSplit. The digits were given. */
  get patterned(): ApartTexts | undefined {
    const split = this.#split;
    if (split === undefined) return undefined;
    const { numbers } = split.numbers();
    return { numbers, patterns: split.patterns, digits: split.digits };
  }

  get bytes(): Uint8Array {
    return this.#read().bytes;
  }

  /** Where each text ends in the bytes. */
  get ends(): Uint32Array {
    return this.#read().ends;
  }

  /** The row of each text, ascending; undefined where every row has one. */
  get rowOf(): Uint32Array | undefined {
    return this.#read().rowOf;
  }

  /** Whether texts and digits stand apart, as long as nobody has wanted the texts whole. */
  get isSplit(): boolean {
    return this.#split !== undefined;
  }

  /** The texts without their digits, where isSplit or they have nothing else; undefined also where that tells little. `templateOf` is by row. */
  split(templateOf: Uint32Array, templates: number): SplitForms | undefined {
    const split = this.#split;
    if (split !== undefined) {
      const forms = split.forms(templateOf, templates);
      return forms && { forms, patterns: split.patterns };
    }
    if (this.#digitForms === undefined) {
      this.#digitForms = digitForms(this.#read(), templateOf, templates) ?? "others";
      if (this.#digitForms !== "others") this.#ownMemory += formsBytes(this.#digitForms.forms);
    }
    return this.#digitForms === "others" ? undefined : this.#digitForms;
  }

  /** Digits of all texts that split() tells, one after another. They were given. */
  get digits(): Uint8Array {
    return this.#split?.digits ?? this.bytes;
  }

  /** Adds the bytes of each row's text to its entry of `lengths`. Keeps nothing of what it has to decode for that. */
  addLengths(lengths: Uint32Array): void {
    const page = this.#page;
    if (this.#split !== undefined) {
      const own = this.#split.lengths();
      addByRow(lengths, own.rowOf, own.lengths);
    } else if (page !== undefined) {
      addByRow(lengths, rowsOf(page), lengthsOf(page));
    } else {
      const { ends, rowOf } = this;
      for (let value = 0; value < ends.length; value++) {
        const row = rowOf === undefined ? value : (rowOf[value] ?? 0);
        lengths[row] = (lengths[row] ?? 0) + (ends[value] ?? 0) - (ends[value - 1] ?? 0);
      }
    }
  }

  #read(): TextValues {
    if (this.#values !== undefined) return this.#values;
    if (this.#split !== undefined) {
      this.#values = this.#split.fill();
      this.#split = undefined;
      this.#ownMemory = valueBytes(this.#values);
      return this.#values;
    }
    const page = this.#page;
    if (page === undefined) return (this.#values = noTexts);
    const ends = lengthsOf(page);
    let end = 0;
    for (let i = 0; i < ends.length; i++) ends[i] = end += ends[i] ?? 0;
    const bytes = page.bytes.subarray(page.bytes.length - end);
    this.#page = undefined;
    const rowOf = rowsOf(page);
    this.#ownMemory += countBytes * (ends.length + (rowOf?.length ?? 0));
    return (this.#values = { bytes, ends, rowOf });
  }

  /** For texts of a few rows: they alone are put together, if none was. */
  fewCursor(): RowCursor {
    return this.#split?.cursor() ?? new TextCursor(this);
  }
}

function valueBytes({ bytes, ends, rowOf }: TextValues): number {
  return bytes.length + countBytes * (ends.length + (rowOf?.length ?? 0));
}

/** Numbers of the texts that pass a test, ascending. */
function valuesWith(test: TextTest, bytes: Uint8Array, ends: Uint32Array): number[] {
  const found: number[] = [];
  if (test.is !== "within" && test.bytes.length < searchedBytesMin) {
    let start = 0;
    for (let value = 0; value < ends.length; value++) {
      const end = ends[value] ?? 0;
      if (passes(test, bytes, start, end)) found.push(value);
      start = end;
    }
    return found;
  }
  const all = bufferOf(bytes);
  let value = 0;
  for (let at = all.indexOf(test.bytes); at >= 0;) {
    // The text that holds the first byte.
    value = firstFrom(ends, at + 1, value);
    const end = ends[value] ?? 0;
    const start = value === 0 ? 0 : (ends[value - 1] ?? 0);
    const isFound = passesAt(test, at, test.bytes.length, start, end);
    if (isFound) found.push(value);
    at = all.indexOf(test.bytes, isFound ? end : at + 1);
  }
  return found;
}

/** Adds the length of each text to the entry of its row. */
function addByRow(lengths: Uint32Array, rowOf: Uint32Array | undefined, own: Uint32Array): void {
  for (let text = 0; text < own.length; text++) {
    const row = rowOf === undefined ? text : (rowOf[text] ?? 0);
    lengths[row] = (lengths[row] ?? 0) + (own[text] ?? 0);
  }
}

/** The row of each text; undefined where every row has one. */
function rowsOf({ count, rows, flags }: FlatPage): Uint32Array | undefined {
  return count === rows ? undefined : flags?.rows();
}

/** Bytes of each text of a DELTA_LENGTH_BYTE_ARRAY page. Throws UnsupportedParquet where the page does not hold them. */
function lengthsOf({ bytes, count }: FlatPage): Uint32Array {
  const deltas = new DeltaColumn(bytes);
  if (deltas.count !== count) throw new UnsupportedParquet("texts are cut off");
  const lengths = new Uint32Array(count);
  deltas.decodeUint32s(0, count, deltas.first, lengths);
  let all = 0;
  // One below zero is a large one here.
  for (let i = 0; i < count; i++) all += lengths[i] ?? 0;
  if (all > bytes.length) throw new UnsupportedParquet("texts are cut off");
  return lengths;
}

/** Walks the texts of a column by ascending rows: seek() sets where a row's text stands, or tells that it has none. */
export type RowCursor = Pick<TextCursor, "bytes" | "start" | "end" | "seek">;

/** As RowCursor. */
export class TextCursor {
  readonly bytes: Uint8Array;
  readonly #ends: Uint32Array;
  readonly #rowOf: Uint32Array | undefined;
  #value = 0;
  start = 0;
  end = 0;

  constructor(column: TextColumn) {
    this.bytes = column.bytes;
    this.#ends = column.ends;
    this.#rowOf = column.rowOf;
  }

  /** Sets `start` and `end` to the text of a row, which is not before the last one asked for; false where it has none. */
  seek(row: number): boolean {
    const rowOf = this.#rowOf;
    let value = row;
    if (rowOf !== undefined) {
      value = this.#value;
      // The next one, nearly always.
      if (rowOf[value + 1] === row) value++;
      else if ((rowOf[value] ?? Infinity) < row) value = firstFrom(rowOf, row, value);
      this.#value = value;
      if (rowOf[value] !== row) return false;
    }
    const end = this.#ends[value];
    if (end === undefined) return false;
    this.start = value === 0 ? 0 : (this.#ends[value - 1] ?? 0);
    this.end = end;
    return true;
  }
}

/** The first index from `from` on whose value is at least `wanted`; near ones are found soonest. */
export function firstFrom(sorted: Uint32Array, wanted: number, from: number): number {
  if (from >= sorted.length || (sorted[from] ?? 0) >= wanted) return from;
  let step = 1;
  let low = from;
  while ((sorted[low + step] ?? Infinity) < wanted) {
    low += step;
    step *= 2;
  }
  let high = Math.min(sorted.length, low + step);
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((sorted[middle] ?? 0) < wanted) low = middle + 1;
    else high = middle;
  }
  return low;
}

const nothing = new Uint8Array();
const noTexts = { bytes: nothing, ends: new Uint32Array(), rowOf: new Uint32Array() };
