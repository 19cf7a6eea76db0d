import type { LineTemplate } from "#shared/model/line_template.ts";
import type { WrittenTexts } from "../logs_columns.ts";
import { columnBytes, groupHeadBytes, indexHeadBytes, indexMagic } from "./search_index.ts";
import {
  blockBytes,
  digitKind,
  hashWord,
  isBetween,
  isDigit,
  wordBytesMin,
  wordKinds,
  WordFilter,
} from "./search_words.ts";

/** Bytes a word in the filter: more are of little use, and fewer let too many pass. */
const bytesPerWord = 1;
const bytesPerWordMin = 0.55;
/** Bytes a row that the filter may take. */
const bytesPerRow = 0.55;
/** Where all words would take more, only long ones are in it: the first of these lengths with which they fit. */
const lengths = [wordBytesMin, 10, 12, 14, 16, 20, 24, 28, 32];

/** What searches know of a file's row groups before they read them; docs/formats/parquet.md draws its bytes. */
export class SearchIndexWriter {
  readonly #groups: Uint8Array[] = [];

  /** The columns of texts of a row group by number: variables from 0, then bodies, then those that are no UTF-8. */
  add(rows: number, templates: readonly LineTemplate[], columns: readonly WrittenTexts[]): void {
    const words = new Words();
    const seen: Uint8Array[] = [];
    for (const [number, { bytes, lengths: own }] of columns.entries()) {
      if (own.length === 0) continue;
      const column = new Uint8Array(columnBytes);
      column[0] = number;
      new DataView(column.buffer).setUint16(1, words.take(bytes, own, column.subarray(3)), true);
      seen.push(column);
    }
    const { wordMin, filter } = words.filter(rows);
    const head = new Uint8Array(groupHeadBytes);
    const view = new DataView(head.buffer);
    view.setUint32(0, filter.byteLength, true);
    view.setUint16(4, templates.every(isRegular) ? wordMin : 0, true);
    view.setUint16(6, seen.length, true);
    this.#groups.push(joined([head, ...seen, new Uint8Array(filter.buffer)]));
  }

  finish(): Uint8Array {
    const head = new Uint8Array(indexHeadBytes);
    const view = new DataView(head.buffer);
    view.setUint32(0, indexMagic, true);
    view.setUint32(4, this.#groups.length, true);
    return joined([head, ...this.#groups]);
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

/** Hashes of words, each once, with their lengths. */
class Words {
  #hashes = new Int32Array(16_384);
  #lengths = new Uint8Array(16_384);
  /** Open addressing: indexes + 1. */
  #slots = new Uint32Array(65_536);
  #count = 0;

  /** Adds the words of texts, marks their bytes in a set of 256 bits, and gives the length of the longest word with a digit. */
  take(bytes: Uint8Array, texts: Uint32Array, bits: Uint8Array): number {
    const isIn = new Uint8Array(256);
    for (let i = 0; i < bytes.length; i++) isIn[bytes[i] ?? 0] = 1;
    for (let byte = 0; byte < 256; byte++)
      bits[byte >> 3] = (bits[byte >> 3] ?? 0) | ((isIn[byte] ?? 0) << (byte & 7));
    let [at, longest] = [0, 0];
    for (let text = 0; text < texts.length; text++) {
      const end = at + (texts[text] ?? 0);
      // The word that is being read begins at `start`.
      let start = end - at < wordBytesMin ? end : at;
      let hasDigit = false;
      for (let i = start; i <= end && start < end; i++) {
        const kind = i === end ? 0 : (wordKinds[bytes[i] ?? 0] ?? 0);
        if (kind === digitKind) hasDigit = true;
        if (kind !== 0) continue;
        if (hasDigit) {
          const length = i - start;
          if (length > longest) longest = length;
          if (length >= wordBytesMin) this.#add(hashWord(bytes, start, i), length);
        }
        start = i + 1;
        hasDigit = false;
      }
      at = end;
    }
    // Shorter words are not looked at, and none of them is longer than this.
    return Math.min(0xffff, Math.max(longest, wordBytesMin - 1));
  }

  filter(rows: number): { readonly wordMin: number; readonly filter: Uint32Array } {
    const used = this.#lengths.subarray(0, this.#count);
    const byLength = new Uint32Array(256);
    for (let i = 0; i < used.length; i++)
      byLength[used[i] ?? 0] = (byLength[used[i] ?? 0] ?? 0) + 1;
    const countOf = (min: number) => byLength.subarray(min).reduce((sum, count) => sum + count, 0);
    const bytesMax = bytesPerRow * rows;
    const wordMin =
      lengths.find((min) => countOf(min) * bytesPerWordMin <= bytesMax) ?? lengths.at(-1) ?? 0;
    const bytes = Math.min(bytesMax, countOf(wordMin) * bytesPerWord);
    const filter = new Uint32Array(Math.ceil(bytes / blockBytes) * (blockBytes / 4));
    const words = new WordFilter(filter);
    for (let i = 0; i < this.#count; i++)
      if ((used[i] ?? 0) >= wordMin) words.add(this.#hashes[i] ?? 0);
    return { wordMin, filter };
  }

  #add(hash: number, wordLength: number): void {
    const length = wordLength < 255 ? wordLength : 255;
    const mask = this.#slots.length - 1;
    let slot = Math.imul(hash, 0x9e3779b1) >>> 8;
    for (; ; slot++) {
      const known = this.#slots[slot & mask] ?? 0;
      if (known === 0) break;
      if (this.#hashes[known - 1] !== hash) continue;
      // Two words of one hash count as the longer one, which is never left out sooner.
      if ((this.#lengths[known - 1] ?? 0) < length) this.#lengths[known - 1] = length;
      return;
    }
    if (this.#count === this.#hashes.length) this.#grow();
    this.#hashes[this.#count] = hash;
    this.#lengths[this.#count++] = length;
    this.#slots[slot & mask] = this.#count;
    if (2 * this.#count > this.#slots.length) this.#rehash();
  }

  #grow(): void {
    const hashes = new Int32Array(2 * this.#hashes.length);
    hashes.set(this.#hashes);
    this.#hashes = hashes;
    const own = new Uint8Array(2 * this.#lengths.length);
    own.set(this.#lengths);
    this.#lengths = own;
  }

  #rehash(): void {
    this.#slots = new Uint32Array(2 * this.#slots.length);
    const mask = this.#slots.length - 1;
    for (let i = 0; i < this.#count; i++) {
      let slot = Math.imul(this.#hashes[i] ?? 0, 0x9e3779b1) >>> 8;
      while (this.#slots[slot & mask] !== 0) slot++;
      this.#slots[slot & mask] = i + 1;
    }
  }
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
