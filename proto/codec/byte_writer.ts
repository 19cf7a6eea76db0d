const textEncoder = new TextEncoder();
const initialBytes = 16 * 1024;
const twoTo28 = 2 ** 28;

/**
 * Bytes that grow: LEB128 varints, zigzag, text. `ensure` must have been called for the space of what follows; single
 * writes do not check, so that inner loops stay small. (A typed array drops a write past its end, so a missing
 * `ensure` damages a body but never memory.)
 */
export class ByteWriter {
  bytes = new Uint8Array(initialBytes);
  length = 0;

  /** Makes room for `count` more bytes. */
  ensure(count: number): void {
    const needed = this.length + count;
    if (needed <= this.bytes.length) return;
    const grown = new Uint8Array(Math.max(needed, this.bytes.length * 2));
    grown.set(this.bytes.subarray(0, this.length));
    this.bytes = grown;
  }

  byte(value: number): void {
    this.bytes[this.length++] = value;
  }

  /** `value`: an integer from 0 to 2^53; takes at most 8 bytes. */
  varint(value: number): void {
    const bytes = this.bytes;
    let at = this.length;
    let rest = value;
    while (rest >= twoTo28) {
      bytes[at++] = (rest % 128) | 0x80;
      rest = Math.floor(rest / 128);
    }
    while (rest >= 0x80) {
      bytes[at++] = (rest & 0x7f) | 0x80;
      rest >>>= 7;
    }
    bytes[at++] = rest;
    this.length = at;
  }

  /** Copies, making its own room. */
  block(block: Uint8Array): void {
    this.ensure(block.length);
    this.bytes.set(block, this.length);
    this.length += block.length;
  }

  /** Length and UTF-8, making its own room. */
  text(text: string): void {
    this.ensure(text.length * 3 + 8);
    const utf8 = textEncoder.encode(text);
    this.varint(utf8.length);
    this.block(utf8);
  }

  /** A double as its two words, low first. */
  words(low: number, high: number): void {
    this.word(low);
    this.word(high);
  }

  word(value: number): void {
    for (let shift = 0; shift < 32; shift += 8) this.byte((value >>> shift) & 0xff);
  }

  /** The bytes so far; they stay the writer's. */
  written(): Uint8Array<ArrayBuffer> {
    return this.bytes.subarray(0, this.length);
  }

  clear(): void {
    this.length = 0;
  }
}

/** Signed to unsigned, small magnitudes to small numbers; for integers within +-2^52. */
export function zigzag(value: number): number {
  return value < 0 ? -2 * value - 1 : 2 * value;
}
