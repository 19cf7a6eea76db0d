import { ExpositionError } from "./exposition_error.ts";

/** Reads protobuf's wire format field by field, in place. Every read is checked against the end of the message it is in. */
export class ProtobufCursor {
  readonly bytes: Uint8Array;
  readonly #view: DataView;
  at = 0;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** A varint as a number: exact up to 2^53, and the nearest double above, as counts are wanted. */
  varint(end: number): number {
    let value = 0;
    let scale = 1;
    for (let i = 0; i < 10; i++) {
      if (this.at >= end) return this.fail("truncated varint");
      const byte = this.bytes[this.at++] ?? 0;
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
      scale *= 128;
    }
    return this.fail("varint of over 10 bytes");
  }

  /** A varint as a signed 64-bit integer. */
  int64(end: number): number {
    const start = this.at;
    const value = this.varint(end);
    if (this.at - start < 10) return value;
    let bits = 0n;
    for (let i = start; i < this.at; i++) {
      bits |= BigInt((this.bytes[i] ?? 0) & 0x7f) << BigInt(7 * (i - start));
    }
    return Number(BigInt.asIntN(64, bits));
  }

  double(end: number): number {
    if (this.at + 8 > end) return this.fail("truncated double");
    this.at += 8;
    return this.#view.getFloat64(this.at - 8, true);
  }

  /** The end of the length-delimited value that starts here. */
  lengthEnd(end: number): number {
    const length = this.varint(end);
    if (length > end - this.at) return this.fail("truncated field");
    return this.at + length;
  }

  /** Steps over the value of a field by its wire type (the low 3 bits of the tag). */
  skip(tag: number, end: number): void {
    const wireType = tag & 7;
    if (wireType === 0) this.varint(end);
    else if (wireType === 1) this.at += 8;
    else if (wireType === 2) this.at = this.lengthEnd(end);
    else if (wireType === 5) this.at += 4;
    else this.fail(`invalid wire type ${wireType}`);
    if (this.at > end) this.fail("truncated field");
  }

  fail(message: string): never {
    throw new ExpositionError(message, this.at);
  }
}
