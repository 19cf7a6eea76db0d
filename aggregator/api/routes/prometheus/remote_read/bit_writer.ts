/** Bits, the highest first, into bytes that grow. */
export class BitWriter {
  #bytes = new Uint8Array(256);
  #length = 0;
  /** Bits of the last byte that are still free. */
  #free = 0;

  bit(one: boolean): void {
    this.bits(one ? 1 : 0, 1);
  }

  /** The lowest `count` bits of a 32-bit integer; `count` up to 32. */
  bits(value: number, count: number): void {
    let left = count;
    while (left > 0) {
      if (this.#free === 0) this.#open();
      const taken = Math.min(left, this.#free);
      const piece = (value >>> (left - taken)) & ((1 << taken) - 1);
      const at = this.#length - 1;
      this.#bytes[at] = (this.#bytes[at] ?? 0) | (piece << (this.#free - taken));
      this.#free -= taken;
      left -= taken;
    }
  }

  byte(value: number): void {
    this.bits(value, 8);
  }

  /** LEB128 of an integer from 0 to 2^53, as Go's binary.PutUvarint writes it. */
  uvarint(value: number): void {
    let rest = value;
    while (rest >= 0x80) {
      this.byte((rest % 128) | 0x80);
      rest = Math.floor(rest / 128);
    }
    this.byte(rest);
  }

  #open(): void {
    if (this.#length === this.#bytes.length) {
      const grown = new Uint8Array(2 * this.#bytes.length);
      grown.set(this.#bytes);
      this.#bytes = grown;
    }
    this.#bytes[this.#length++] = 0;
    this.#free = 8;
  }

  /** The bytes so far; they stay the writer's until clear(). */
  written(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  clear(): void {
    this.#length = 0;
    this.#free = 0;
  }
}
