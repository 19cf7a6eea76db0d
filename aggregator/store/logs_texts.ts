import { isUtf8 } from "node:buffer";
import type { Texts } from "#shared/model/line_columns.ts";
import type { TextSplitter } from "./logs/split_texts.ts";
import { dictionaryPages } from "./parquet/dictionary_pages.ts";
import { ByteSink } from "./parquet/byte_sink.ts";
import { encodings } from "./parquet/column_pages.ts";
import { writeLengths } from "./parquet/encode.ts";
import type { ColumnPages } from "./parquet/parquet_writer.ts";

/** Texts of a column of a row group, one after another. */
export class TextColumn {
  readonly #level: number | undefined;
  readonly #bytes = new ByteSink(0);
  #lengths = new Uint32Array();
  #count = 0;

  /** `level` is zstd's. */
  constructor(level?: number) {
    this.#level = level;
  }

  clear(): void {
    this.#bytes.clear();
    this.#count = 0;
  }

  get count(): number {
    return this.#count;
  }

  /** Of those that are there. */
  get lengths(): Uint32Array {
    return this.#lengths.subarray(0, this.#count);
  }

  get bytes(): Uint8Array {
    return this.#bytes.written();
  }

  /** `count` texts from number `value` on, which begins at byte `start`; gives where the last one ends. */
  take({ bytes, lengths }: Texts, value: number, start: number, count: number): number {
    if (this.#count + count > this.#lengths.length) this.#grow(this.#count + count);
    const own = this.#lengths;
    let to = this.#count;
    let end = start;
    for (let i = value; i < value + count; i++) {
      const length = lengths[i] ?? 0;
      own[to++] = length;
      end += length;
    }
    this.#count = to;
    if (end - start > 64) this.#bytes.block(bytes.subarray(start, end));
    else this.#bytes.copy(bytes, start, end - start);
    return end;
  }

  #grow(least: number): void {
    const lengths = new Uint32Array(Math.max(least, 2 * this.#lengths.length));
    lengths.set(this.lengths);
    this.#lengths = lengths;
  }

  /** One text that is all of `bytes`. */
  add(bytes: Uint8Array): void {
    this.take({ bytes, lengths: Uint32Array.of(bytes.length) }, 0, 0, 1);
  }

  /** Good until the texts or `page` change, which the lengths are written to. `isPresent`: an entry a row. */
  pages(isPresent: Uint8Array, page: ByteSink): ColumnPages {
    if (this.#count === 0)
      return { encoding: encodings.plain, values: new Uint8Array(), isPresent };
    return this.#counted(this.#bytes.written(), this.lengths, isPresent, page);
  }

  /** Pages of the texts and, where both take less apart, of their digits; as pages(), each until the next one. */
  *splitPages(
    isPresent: Uint8Array,
    page: ByteSink,
    splitter: TextSplitter,
  ): Generator<ColumnPages, void> {
    const split =
      this.#count === 0 ? undefined : splitter.split(this.#bytes.written(), this.lengths);
    if (split === undefined) yield this.pages(isPresent, page);
    else yield { ...dictionaryPages(split.numbers, split.shapes), isPresent };
    if (split !== undefined && split.digits.length > 0)
      yield this.#counted(split.digits, split.digitCounts, isPresent, page);
    else {
      const none = new Uint8Array(isPresent.length);
      yield { encoding: encodings.plain, values: new Uint8Array(), isPresent: none };
    }
  }

  #counted(
    bytes: Uint8Array<ArrayBuffer>,
    lengths: Uint32Array,
    isPresent: Uint8Array,
    page: ByteSink,
  ): ColumnPages {
    page.clear();
    writeLengths(page, lengths);
    const level = this.#level;
    return {
      encoding: encodings.deltaLengthByteArray,
      values: page.written(),
      texts: bytes,
      isPresent,
      ...(level !== undefined && { level }),
    };
  }
}

/** Whether each of some texts is UTF-8. The usual case is told by one look at all of them together. */
export function areUtf8({ bytes, lengths }: Texts): boolean {
  if (!isUtf8(bytes)) return false;
  let end = 0;
  for (let i = 0; i < lengths.length; i++) {
    end += lengths[i] ?? 0;
    // The next one begins inside of a character.
    if (((bytes[end] ?? 0) & 0xc0) === 0x80) return false;
  }
  return true;
}
