import type { WrittenDictionary, WrittenTexts } from "../texts/written_texts.ts";
import type { LineTemplate } from "#shared/model/line_template.ts";
import { columnBytes, groupHeadBytes, indexHeadBytes, indexMagic } from "./search_index.ts";
import { GroupWords } from "./group_words.ts";
import { isBetween, isDigit, wordBytesMin } from "./search_words.ts";

/** Bytes a row that the filter may take. */
const bytesPerRow = 0.55;

/** What searches know of a file's row groups before they read them; docs/formats/parquet.md draws its bytes. */
export class SearchIndexWriter {
  #groups: Uint8Array[] = [];
  readonly #words = new GroupWords();

  /** The columns of texts of a row group by number: variables from 0, then bodies, then those that are no UTF-8. */
  add(
    rows: number,
    templates: readonly LineTemplate[],
    columns: readonly (WrittenTexts | WrittenDictionary)[],
  ): void {
    const words = this.#words;
    words.clear();
    const seen: Uint8Array[] = [];
    for (const [number, content] of columns.entries()) {
      // Each different text once.
      const texts = "entries" in content ? content.entries : content;
      if (texts.lengths.length === 0) continue;
      const column = new Uint8Array(columnBytes);
      column[0] = number;
      column.set(bitsOf(texts), 3);
      // Shorter words are not looked at, and none of them is longer than this.
      const longest = Math.max(words.take(texts), wordBytesMin - 1);
      new DataView(column.buffer).setUint16(1, Math.min(0xffff, longest), true);
      seen.push(column);
    }
    const { wordMin, filter } = words.filter(bytesPerRow * rows);
    const head = new Uint8Array(groupHeadBytes);
    const view = new DataView(head.buffer);
    view.setUint32(0, filter.byteLength, true);
    view.setUint16(4, templates.every(isRegular) ? wordMin : 0, true);
    view.setUint16(6, seen.length, true);
    this.#groups.push(joined([head, ...seen, new Uint8Array(filter.buffer)]));
  }

  /** Of all row groups since the last file. */
  finish(): Uint8Array {
    const head = new Uint8Array(indexHeadBytes);
    const view = new DataView(head.buffer);
    view.setUint32(0, indexMagic, true);
    view.setUint32(4, this.#groups.length, true);
    const index = joined([head, ...this.#groups]);
    this.#groups = [];
    this.#words.clear();
    return index;
  }
}

/** Whether no word goes over the end of a variable, and no constant part holds one with a digit. */
function isRegular({ parts, partEnds }: LineTemplate): boolean {
  let start = 0;
  for (const [p, end] of partEnds.entries()) {
    const isFirst = p === 0;
    const isLast = p === partEnds.length - 1;
    if (start === end && !isFirst && !isLast) return false;
    if (!isFirst && start < end && !isBetween(parts[start])) return false;
    if (!isLast && start < end && !isBetween(parts[end - 1])) return false;
    start = end;
  }
  return !parts.some(isDigit);
}

/** A bit for every byte that is there. */
function bitsOf({ bytes }: WrittenTexts): Uint8Array {
  const isIn = new Uint8Array(256);
  for (let i = 0; i < bytes.length; i++) isIn[bytes[i] ?? 0] = 1;
  const bits = new Uint8Array(32);
  for (let byte = 0; byte < 256; byte++)
    bits[byte >> 3] = (bits[byte >> 3] ?? 0) | ((isIn[byte] ?? 0) << (byte & 7));
  return bits;
}

function joined(pieces: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(pieces.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const piece of pieces) {
    all.set(piece, at);
    at += piece.length;
  }
  return all;
}
