import { OperatingError } from "#shared/errors.ts";

// A byte order mark at the front of a text belongs to it.
const textDecoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const safeMax = Number.MAX_SAFE_INTEGER;

export function corrupt(message: string, options?: ErrorOptions): OperatingError {
  return new OperatingError("corrupt", `frame body: ${message}`, options);
}

/** The counterpart of ByteWriter; checks every bound and throws OperatingError("corrupt"). */
export class ByteReader {
  readonly bytes: Uint8Array;
  at = 0;
  /** UTF-16 units of all label sets read so far, a text counted each time it is named. */
  labelUnits = 0;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }

  get left(): number {
    return this.bytes.length - this.at;
  }

  byte(): number {
    const value = this.bytes[this.at];
    if (value === undefined) throw corrupt(`ends at byte ${this.at}`);
    this.at++;
    return value;
  }

  /** An integer from 0 to 2^53 - 1. */
  varint(): number {
    const first = this.byte();
    if (first < 0x80) return first;
    let value = first & 0x7f;
    for (let scale = 128; scale <= 2 ** 49; scale *= 128) {
      const next = this.byte();
      value += (next & 0x7f) * scale;
      if (next < 0x80) {
        if (value > safeMax) break;
        return value;
      }
    }
    throw corrupt(`number too large at byte ${this.at}`);
  }

  /** A varint that counts things of at least `bytesEach` bytes that are still to come. */
  count(bytesEach: number): number {
    const count = this.varint();
    if (count * bytesEach > this.left)
      throw corrupt(`claims ${count} entries in ${this.left} bytes`);
    return count;
  }

  /** A view of the next `length` bytes. */
  block(length: number): Uint8Array {
    if (length > this.left) throw corrupt(`claims ${length} bytes, has ${this.left}`);
    this.at += length;
    return this.bytes.subarray(this.at - length, this.at);
  }

  text(): string {
    const block = this.block(this.varint());
    try {
      return textDecoder.decode(block);
    } catch (cause) {
      throw corrupt("text is not UTF-8", { cause });
    }
  }

  word(): number {
    return (this.byte() | (this.byte() << 8) | (this.byte() << 16) | (this.byte() << 24)) >>> 0;
  }
}

export function unzigzag(value: number): number {
  return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
}
