// Hot: guarded by `bench search`.
import { isUtf8 } from "node:buffer";
import type { Texts } from "#shared/model/line_columns.ts";
import { ByteSink } from "../../parquet/byte_sink.ts";
import { encodings } from "../../parquet/column_pages.ts";
import { writeLengths } from "../../parquet/encode.ts";
import type { ColumnPages } from "../../parquet/parquet_writer.ts";
import type { Presence } from "../../parquet/presence.ts";

/** Texts of a column, one after another. */
export type WrittenTexts = {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly lengths: Uint32Array;
};

/** The same by number: an entry of `numbers` a text. */
export type WrittenDictionary = {
  readonly numbers: Uint32Array;
  readonly entries: WrittenTexts;
};

/** Texts of a column of a row group, as they come. */
export class TextColumn {
  readonly #bytes = new ByteSink(0);
  #lengths = new Uint32Array();
  #count = 0;

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

  get bytes(): Uint8Array<ArrayBuffer> {
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

  /** Texts that `write` appends, whose lengths it gives. */
  fill(write: (bytes: ByteSink) => Uint32Array): void {
    const lengths = write(this.#bytes);
    const count = this.#count + lengths.length;
    if (count > this.#lengths.length) this.#grow(count);
    this.#lengths.set(lengths, this.#count);
    this.#count = count;
  }
}

/** Good until the texts or `page` change, which the lengths are written to. `level` is zstd's, where it is another than the file's. */
export function textPages(
  { bytes, lengths }: WrittenTexts,
  presence: Presence,
  page: ByteSink,
  level?: number,
): ColumnPages {
  if (lengths.length === 0)
    return { encoding: encodings.plain, values: new Uint8Array(), presence };
  page.clear();
  writeLengths(page, lengths);
  return {
    encoding: encodings.deltaLengthByteArray,
    values: page.written(),
    texts: bytes,
    presence,
    ...(level !== undefined && { level }),
  };
}

/** Whether each of some texts is UTF-8. The usual case takes one look at all of them together. */
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
