/** Bytes that grow; `ensure` before single writes. */
export class ByteSink {
  bytes: Uint8Array<ArrayBuffer>;
  length = 0;

  constructor(capacity = 4_096) {
    this.bytes = new Uint8Array(capacity);
  }

  ensure(count: number): void {
    const needed = this.length + count;
    if (needed <= this.bytes.length) return;
    const grown = new Uint8Array(Math.max(needed, this.bytes.length * 2));
    grown.set(this.bytes.subarray(0, this.length));
    this.bytes = grown;
  }

  /** A whole number up to 2^53 as LEB128; ensures its own room. */
  varint(value: number): void {
    this.ensure(8);
    let rest = value;
    for (; rest >= 0x80; rest = Math.floor(rest / 128))
      this.bytes[this.length++] = (rest % 128) | 0x80;
    this.bytes[this.length++] = rest;
  }

  /** source[from, from + count), byte by byte: the pieces are short. */
  copy(source: Uint8Array, from: number, count: number): void {
    this.ensure(count);
    const { bytes } = this;
    let at = this.length;
    for (let i = from, stop = from + count; i < stop; i++) bytes[at++] = source[i] ?? 0;
    this.length = at;
  }

  block(block: Uint8Array): void {
    this.ensure(block.length);
    this.bytes.set(block, this.length);
    this.length += block.length;
  }

  written(): Uint8Array<ArrayBuffer> {
    return this.bytes.subarray(0, this.length);
  }

  clear(): void {
    this.length = 0;
  }
}
