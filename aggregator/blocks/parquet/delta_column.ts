// Hot: guarded by `bench size`, `bench day`.
import { valuesMax } from "./column_pages.ts";
import { ThriftReader } from "./thrift.ts";
import { UnsupportedParquet } from "./unsupported.ts";

/** Beyond it a difference is no exact double. */
const widthMax = 52;

/**
 * DELTA_BINARY_PACKED (parquet-format's Encodings.md): the first value, then differences in blocks, each with its smallest
 * difference, and in miniblocks of equal width. A stretch is decoded without what lies before it, when its first value is known.
 */
export class DeltaColumn {
  readonly count: number;
  readonly first: number;
  readonly #bytes: Uint8Array;
  readonly #reader: ThriftReader;
  /** Differences a miniblock. */
  readonly #miniSize: number;
  /** Miniblocks a block. */
  readonly #minis: number;
  /** Miniblocks whose place is known. */
  #parts = 0;
  /** By miniblock. */
  #widths = new Uint8Array(0);
  #places = new Uint32Array(0);
  #smallest = new Float64Array(0);

  /** Throws UnsupportedParquet. */
  constructor(bytes: Uint8Array) {
    const reader = new ThriftReader(bytes);
    const blockSize = reader.varint();
    this.#minis = reader.varint();
    this.count = reader.varint();
    this.first = signed(reader.varint());
    this.#bytes = bytes;
    this.#reader = reader;
    this.#miniSize = blockSize / this.#minis;
    if (!(this.#miniSize > 0) || this.#miniSize % 32 !== 0 || this.count > valuesMax)
      throw new UnsupportedParquet(`differences in ${this.#minis} parts of ${blockSize}`);
  }

  /** Finds miniblocks up to the one that a difference is in: of a row group often only the first rows are decoded. */
  #findPart(difference: number): void {
    const wanted = Math.floor(difference / this.#miniSize) + 1;
    if (wanted <= this.#parts) return;
    const all = Math.ceil((this.count - 1) / this.#miniSize);
    if (wanted > all) throw new UnsupportedParquet("differences are cut off");
    const minis = this.#minis;
    if (Math.min(all, wanted + minis) > this.#widths.length)
      this.#grow(Math.min(all, 2 * (wanted + minis)));
    const bytes = this.#bytes;
    const reader = this.#reader;
    while (this.#parts < wanted) {
      const smallest = signed(reader.varint());
      let place = reader.at + minis;
      for (let i = 0; i < minis && this.#parts < all; i++, this.#parts++) {
        const width = bytes[reader.at + i] ?? 255;
        if (width > widthMax) throw new UnsupportedParquet(`differences of ${width} bits`);
        this.#widths[this.#parts] = width;
        this.#places[this.#parts] = place;
        this.#smallest[this.#parts] = smallest;
        place += (this.#miniSize * width) / 8;
      }
      reader.at = place;
      // The last miniblock may be cut where its values end.
      if (place > bytes.length + this.#miniSize * 8)
        throw new UnsupportedParquet("differences are cut off");
    }
  }

  #grow(size: number): void {
    const [widths, places, smallest] = [this.#widths, this.#places, this.#smallest];
    this.#widths = new Uint8Array(size);
    this.#places = new Uint32Array(size);
    this.#smallest = new Float64Array(size);
    this.#widths.set(widths);
    this.#places.set(places);
    this.#smallest.set(smallest);
  }

  /** Values [at, at + count) of which the first is known. */
  decode(at: number, count: number, first: number, into: Float64Array): void {
    if (count > 1) this.#findPart(at + count - 2);
    let value = first;
    if (count > 0) into[0] = value;
    let done = 1;
    while (done < count) {
      const difference = at + done - 1;
      const part = Math.floor(difference / this.#miniSize);
      const skip = difference - part * this.#miniSize;
      const end = done + Math.min(count - done, this.#miniSize - skip);
      const width = this.#widths[part] ?? 0;
      const smallest = this.#smallest[part] ?? 0;
      const place = this.#places[part] ?? 0;
      if (width === 0) {
        for (; done < end; done++) into[done] = value += smallest;
      } else if (width <= 25) {
        const bytes = this.#bytes;
        const mask = 2 ** width - 1;
        for (let bit = skip * width; done < end; done++, bit += width) {
          const from = place + (bit >> 3);
          const word =
            (bytes[from] ?? 0) |
            ((bytes[from + 1] ?? 0) << 8) |
            ((bytes[from + 2] ?? 0) << 16) |
            ((bytes[from + 3] ?? 0) << 24);
          into[done] = value += smallest + ((word >>> (bit & 7)) & mask);
        }
      } else {
        for (let bit = skip * width; done < end; done++, bit += width)
          into[done] = value += smallest + readBits(this.#bytes, place, bit, width);
      }
    }
  }

  /** The same of values that are taken modulo 2^32. Apart from the other, as one loop over both kinds of arrays is several times as slow. */
  decodeUint32s(at: number, count: number, first: number, into: Uint32Array): void {
    if (count > 1) this.#findPart(at + count - 2);
    if (count > 0) into[0] = first;
    for (let done = 1; done < count;) {
      const difference = at + done - 1;
      const part = Math.floor(difference / this.#miniSize);
      const skip = difference - part * this.#miniSize;
      const end = done + Math.min(count - done, this.#miniSize - skip);
      const width = this.#widths[part] ?? 0;
      const smallest = toInt32(this.#smallest[part] ?? 0);
      const place = this.#places[part] ?? 0;
      if (width <= narrowMax) {
        addNarrow(this.#bytes, place, skip * width, width, smallest, into, done, end);
        done = end;
        continue;
      }
      for (let bit = skip * width; done < end; done++, bit += width) {
        const more = toInt32(readBits(this.#bytes, place, bit, width));
        into[done] = (into[done - 1] ?? 0) + smallest + more;
      }
    }
  }

  /** Where its bytes end. */
  get end(): number {
    if (this.count > 1) this.#findPart(this.count - 2);
    return this.#reader.at;
  }

  /** All values. */
  decodeAll(): Float64Array {
    const values = new Float64Array(this.count);
    this.decode(0, this.count, this.first, values);
    return values;
  }
}

/** Bits that are held at most before eight more are read. */
const narrowMax = 24;

/** Writes into[from, to): each is the one before it, and `smallest`, and the next `width` bits from bit `first` of bytes[place...] on. */
function addNarrow(
  bytes: Uint8Array,
  place: number,
  first: number,
  width: number,
  smallest: number,
  into: Uint32Array,
  from: number,
  to: number,
): void {
  const mask = (1 << width) - 1;
  let value = into[from - 1] ?? 0;
  let at = place + (first >> 3);
  let held = (bytes[at++] ?? 0) >> (first & 7);
  let bits = 8 - (first & 7);
  for (let i = from; i < to; i++) {
    while (bits < width) {
      held |= (bytes[at++] ?? 0) << bits;
      bits += 8;
    }
    value = (value + smallest + (held & mask)) | 0;
    into[i] = value;
    held >>>= width;
    bits -= width;
  }
}

function toInt32(value: number): number {
  return value | 0;
}

/** Any width up to 52 bits, byte by byte. */
function readBits(bytes: Uint8Array, place: number, bit: number, width: number): number {
  let at = place + (bit >>> 3);
  let value = (bytes[at] ?? 0) >>> (bit & 7);
  let have = 8 - (bit & 7);
  while (have < width) {
    at += 1;
    value += (bytes[at] ?? 0) * 2 ** have;
    have += 8;
  }
  return value % 2 ** width;
}

function signed(zigzag: number): number {
  return zigzag % 2 === 0 ? zigzag / 2 : -(zigzag + 1) / 2;
}
