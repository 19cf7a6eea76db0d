// Hot: guarded by `bench search`.
import type { Literals } from "#shared/text/regex_program.ts";
import { variableColumns } from "../texts/column_names.ts";
import { UnsupportedParquet } from "../../parquet/unsupported.ts";
import { sameSet } from "./byte_sets.ts";
import { isBetween, isDigit, wordBytesMin, WordFilter } from "./search_words.ts";
import { hashWord } from "../texts/word_hash.ts";

/** The key of a file's metadata that names the place of its index: offset and length. */
export const searchIndexKey = "lapwing_search";
/** "LWS1". */
export const indexMagic = 0x3153574c;
export const indexHeadBytes = 8;
/** Bytes of the filter, the shortest word in it, columns. */
export const groupHeadBytes = 8;
/** Number, the length of the longest word with a digit, and a bit for every byte that is in a text. */
export const columnBytes = 3 + 32;
/** Columns of texts by the number that the index gives them. */
const searchedColumns: readonly string[] = [...variableColumns, "body", "body_raw"];

/** `longest` is 65,535 for all that are longer, too. */
type Column = { readonly isIn: Uint8Array; readonly longest: number };

/** What is known of a row group without reading it. */
export class GroupIndex {
  readonly #columns: ReadonlyMap<string, Column>;
  /** 0 where words were not kept. */
  readonly #wordMin: number;
  readonly #filter: WordFilter;

  constructor(columns: ReadonlyMap<string, Column>, wordMin: number, filter: WordFilter) {
    this.#columns = columns;
    this.#wordMin = wordMin;
    this.#filter = filter;
  }

  /** Which bytes stand in a column's texts: 256 entries. The same object for equal sets. */
  bytesIn(column: string): Uint8Array {
    return this.#columns.get(column)?.isIn ?? none;
  }

  /** Whether a text of the column may hold the needle, by its bytes and its longest word with a digit. */
  mayHold(column: string, needle: Uint8Array): boolean {
    const known = this.#columns.get(column);
    if (known === undefined || !hasAll(known.isIn, needle, 0, needle.length)) return false;
    for (const { start, end } of wordsWithDigits(needle))
      if (end - start >= wordBytesMin && end - start > known.longest) return false;
    return true;
  }

  /** Whether a line may hold the needle, by its words with digits. */
  mayHoldLine(needle: Uint8Array): boolean {
    if (this.#wordMin === 0) return true;
    for (const { start, end } of wordsWithDigits(needle)) {
      const isWhole = start > 0 && end < needle.length;
      if (!this.#mayHaveWord(needle, start, end, isWhole)) return false;
    }
    return true;
  }

  /** A word that is not whole may be a piece of a longer one. Words with digits are in variables and bodies only. */
  #mayHaveWord(needle: Uint8Array, start: number, end: number, isWhole: boolean): boolean {
    const length = end - start;
    const isKept = length >= Math.max(wordBytesMin, this.#wordMin);
    const mayBeIt = !isKept || this.#filter.mayHave(hashWord(needle, start, end));
    if (isWhole && !mayBeIt) return false;
    for (const { isIn, longest } of this.#columns.values()) {
      const isLongEnough =
        longest === 0xffff || longest > length || (mayBeIt && longest === length);
      if (isLongEnough && hasAll(isIn, needle, start, end)) return true;
    }
    return false;
  }
}

/** Where words with a digit stand in a needle; the first and the last one may go on outside of it. */
function* wordsWithDigits(needle: Uint8Array): Generator<{ start: number; end: number }> {
  for (let start = 0; start < needle.length;) {
    let end = start;
    let hasDigit = false;
    for (; end < needle.length && !isBetween(needle[end]); end++)
      if (isDigit(needle[end] ?? 0)) hasDigit = true;
    if (hasDigit) yield { start, end };
    start = end + 1;
  }
}

/** Whether a line may hold what a regular expression needs. */
export function mayHoldLiterals(index: GroupIndex, literals: Literals): boolean {
  if (literals.kind === "text") return index.mayHoldLine(Buffer.from(literals.text));
  const { kind, of } = literals;
  return kind === "all"
    ? of.every((one) => mayHoldLiterals(index, one))
    : of.some((one) => mayHoldLiterals(index, one));
}

/** By row group. Throws UnsupportedParquet. */
export function readSearchIndex(bytes: Uint8Array): GroupIndex[] {
  // The filters are words of four bytes.
  const own = bytes.slice();
  const view = new DataView(own.buffer);
  if (own.length < indexHeadBytes || view.getUint32(0, true) !== indexMagic)
    throw new UnsupportedParquet("no search index where one should be");
  const groups: GroupIndex[] = [];
  let at = indexHeadBytes;
  for (let left = view.getUint32(4, true); left > 0; left--) {
    if (at + groupHeadBytes > own.length) throw cutOff;
    const filterBytes = view.getUint32(at, true);
    const wordMin = view.getUint16(at + 4, true);
    const count = view.getUint16(at + 6, true);
    at += groupHeadBytes;
    const end = at + count * columnBytes + filterBytes;
    if (end > own.length || filterBytes % 4 !== 0) throw cutOff;
    const columns = new Map<string, Column>();
    for (let c = 0; c < count; c++, at += columnBytes) {
      const name = searchedColumns[own[at] ?? 255];
      if (name === undefined) throw new UnsupportedParquet(`a column ${own[at]} in a search index`);
      const isIn = setOf(own.subarray(at + 3, at + columnBytes));
      columns.set(name, { isIn, longest: view.getUint16(at + 1, true) });
    }
    const words = new Uint32Array(own.slice(at, end).buffer);
    groups.push(new GroupIndex(columns, wordMin, new WordFilter(words)));
    at = end;
  }
  return groups;
}

const cutOff = new UnsupportedParquet("a search index that is cut off");
const none = new Uint8Array(256);
function setOf(bits: Uint8Array): Uint8Array {
  const isIn = new Uint8Array(256);
  for (let byte = 0; byte < 256; byte++) isIn[byte] = ((bits[byte >> 3] ?? 0) >> (byte & 7)) & 1;
  return sameSet(isIn);
}

function hasAll(isIn: Uint8Array, bytes: Uint8Array, start: number, end: number): boolean {
  for (let i = start; i < end; i++) if (isIn[bytes[i] ?? 0] === 0) return false;
  return true;
}
