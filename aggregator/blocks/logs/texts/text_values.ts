import type { NumberedTexts } from "#shared/model/line_columns.ts";
import { encodings } from "../../parquet/column_pages.ts";
import { DeltaColumn } from "../../parquet/delta_column.ts";
import { flatTexts, type TextValues } from "../../parquet/flat_columns.ts";
import { type FlatColumn, type FlatPage, pagesOf } from "../../parquet/flat_pages.ts";
import { readPrefixed } from "../../parquet/prefixed_texts.ts";
import { UnsupportedParquet } from "../../parquet/unsupported.ts";
import type { CompactTexts, RowCursor } from "./compact_texts.ts";
import { DictionaryTexts } from "./dictionary_texts.ts";
import { digitForms } from "./digit_forms.ts";
import { firstFrom, valuesWith } from "./find_texts.ts";
import { formsBytes, type SplitForms } from "./forms.ts";
import { FilledTexts } from "./packed/filled_texts.ts";
import { bufferOf, type TextTest } from "./text_tests.ts";

const countBytes = 4;

/** Texts of so many rows that are in memory already. */
export type HeldTexts = { readonly rows: number; readonly values: TextValues };

/**
 * The texts of a column one after another, as a search wants them: the bytes at once, and where each text ends and which row it is of
 * only when something was found.
 */
export class TextColumn {
  #page: FlatPage | undefined;
  #compact: DictionaryTexts | FilledTexts | undefined;
  #values: TextValues | undefined;
  /** Of values without other characters. */
  #digitForms: SplitForms | "others" | undefined;
  #ownMemory = 0;

  /** `isPacked` where the file has a column of digits that may have been taken out of the texts. Throws UnsupportedParquet. */
  constructor(column: FlatColumn | HeldTexts, isPacked = false) {
    if ("values" in column) {
      this.#values = column.values;
      return;
    }
    this.#compact = isPacked ? FilledTexts.of(column) : DictionaryTexts.of(column);
    if (this.#compact !== undefined) return;
    const { pages } = pagesOf(column);
    const [page] = pages;
    const isCounted = page?.encoding === encodings.deltaLengthByteArray;
    if (pages.length === 1 && isCounted && new DeltaColumn(page.bytes).count > 0) {
      this.#page = page;
      this.#ownMemory = page.bytes.buffer.byteLength;
    } else if (pages.length === 1 && page?.encoding === encodings.deltaByteArray) {
      this.#values = { ...readPrefixed(page), rowOf: rowsOf(page) };
      this.#ownMemory = valueBytes(this.#values);
    } else if (pages.every(({ bytes, count }) => bytes.length === 0 || count === 0)) {
      this.#values = noTexts;
    } else {
      this.#values = flatTexts(column);
      this.#ownMemory = valueBytes(this.#values);
    }
  }

  /** Of a column that is packed: nothing but needsDigits() and split() is asked of it before. */
  giveDigits(column: FlatColumn): void {
    this.#packed?.giveDigits(column);
  }

  /** Bytes of memory, as far as it is taken now. */
  get memory(): number {
    return this.#ownMemory + (this.#compact?.memory ?? 0);
  }

  /** Whether no row has a text. */
  get isEmpty(): boolean {
    if (this.#compact !== undefined) return false;
    return this.#values?.ends.length === 0;
  }

  /** Whether rowsWith() needs the column of digits, which was not given. */
  needsDigits(test: TextTest): boolean {
    return this.#packed?.needsDigits(test) === true;
  }

  get #packed(): FilledTexts | undefined {
    return this.#compact instanceof FilledTexts ? this.#compact : undefined;
  }

  /** Rows, ascending, whose text passes a test. Texts are not put together for it. */
  rowsWith(test: TextTest): number[] {
    const compact: CompactTexts | undefined = this.#compact;
    if (compact !== undefined) {
      const texts = compact.textsWith(test);
      // Nearly always. Which rows have a text is not even unpacked.
      if (texts.length === 0) return texts;
      const { rowOf } = compact;
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
    return this.#compact === undefined ? this.ends.length : this.#compact.count;
  }

  /** The texts by number, where they are in a dictionary that was not expanded yet. */
  get numbered(): NumberedTexts | undefined {
    return this.#compact instanceof DictionaryTexts ? this.#compact.numbered : undefined;
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

  /** Whether texts and digits stand apart, until the whole texts are asked for. */
  get isPacked(): boolean {
    return this.#packed !== undefined;
  }

  /** The shapes of the texts, where there are few, or where the texts are digits alone; undefined where shapes would not narrow a search. `templateOf` is by row. */
  split(templateOf: Uint32Array, templates: number): SplitForms | undefined {
    if (this.#compact !== undefined) return this.#compact.split(templateOf, templates);
    if (this.#digitForms === undefined) {
      this.#digitForms = digitForms(this.#read(), templateOf, templates) ?? "others";
      if (this.#digitForms !== "others") this.#ownMemory += formsBytes(this.#digitForms.forms);
    }
    return this.#digitForms === "others" ? undefined : this.#digitForms;
  }

  /** Digits of all texts that split() tells, one after another. They were given. */
  get digits(): Uint8Array {
    return this.#compact?.digits ?? this.bytes;
  }

  /** Adds the bytes of each row's text to its entry of `lengths`. Keeps nothing of what it has to decode for that. */
  addLengths(lengths: Uint32Array): void {
    const page = this.#page;
    if (this.#compact !== undefined) {
      const own = this.#compact.lengths();
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
    if (this.#compact !== undefined) {
      this.#values = this.#compact.fill();
      this.#compact = undefined;
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

  /** Packed texts are all put together for it. */
  cursor(): RowCursor {
    return this.#compact instanceof DictionaryTexts ? this.#compact.cursor() : new TextCursor(this);
  }

  /** For texts of a few rows: they alone are put together, if none was. */
  fewCursor(): RowCursor {
    return this.#compact?.cursor() ?? new TextCursor(this);
  }
}

function valueBytes({ bytes, ends, rowOf }: TextValues): number {
  return bytes.length + countBytes * (ends.length + (rowOf?.length ?? 0));
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

/** Of texts that stand one after another. */
class TextCursor implements RowCursor {
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

const nothing = new Uint8Array();
const noTexts = { bytes: nothing, ends: new Uint32Array(), rowOf: new Uint32Array() };
