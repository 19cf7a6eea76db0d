import type { ByteWriter } from "./byte_writer.ts";

/** Distinct shapes of texts, numbered in order of appearance; the one that is asked for stands behind the others, from `length` on. */
export class ShapeTable {
  bytes = new Uint8Array(4_096);
  length = 0;
  count = 0;
  #ends = new Uint32Array(256);
  /** Numbers of shapes, by hash. */
  #slots = new Int32Array(1_024).fill(-1);

  clear(): void {
    if (this.count > 0) this.#slots.fill(-1);
    this.length = 0;
    this.count = 0;
  }

  ensure(more: number): void {
    if (this.length + more > this.bytes.length) this.bytes = grown(this.bytes, more);
  }

  /** The number of bytes[length, end), which is kept if it is new; `likely` is looked at first. */
  numberOf(end: number, likely: number): number {
    if (likely !== -1 && this.#isSame(likely, end)) return likely;
    if (this.count * 2 >= this.#slots.length) this.#rehash();
    const mask = this.#slots.length - 1;
    let slot = hashOf(this.bytes, this.length, end) & mask;
    for (;;) {
      const number = this.#slots[slot] ?? -1;
      if (number === -1) break;
      if (this.#isSame(number, end)) return number;
      slot = (slot + 1) & mask;
    }
    this.#slots[slot] = this.count;
    if (this.count === this.#ends.length) {
      const ends = new Uint32Array(this.count * 2);
      ends.set(this.#ends);
      this.#ends = ends;
    }
    this.#ends[this.count] = end;
    this.length = end;
    return this.count++;
  }

  write(writer: ByteWriter): void {
    writer.ensure(8 + 8 * this.count);
    writer.varint(this.count);
    for (let i = 0; i < this.count; i++) writer.varint((this.#ends[i] ?? 0) - this.startOf(i));
    writer.block(this.bytes.subarray(0, this.length));
  }

  /** The shape of a number; valid until the table is cleared. */
  shape(number: number): Uint8Array {
    return this.bytes.subarray(this.startOf(number), this.endOf(number));
  }

  endOf(number: number): number {
    return this.#ends[number] ?? 0;
  }

  /** Where a shape begins in `bytes`. */
  startOf(number: number): number {
    return number === 0 ? 0 : (this.#ends[number - 1] ?? 0);
  }

  #isSame(number: number, end: number): boolean {
    const start = this.startOf(number);
    const size = end - this.length;
    if ((this.#ends[number] ?? 0) - start !== size) return false;
    const { bytes, length } = this;
    for (let i = 0; i < size; i++) if (bytes[start + i] !== bytes[length + i]) return false;
    return true;
  }

  #rehash(): void {
    this.#slots = new Int32Array(this.#slots.length * 4).fill(-1);
    const mask = this.#slots.length - 1;
    for (let number = 0; number < this.count; number++) {
      let slot = hashOf(this.bytes, this.startOf(number), this.#ends[number] ?? 0) & mask;
      while (this.#slots[slot] !== -1) slot = (slot + 1) & mask;
      this.#slots[slot] = number;
    }
  }
}

/** FNV-1a, http://www.isthe.com/chongo/tech/comp/fnv/ */
function hashOf(bytes: Uint8Array, start: number, end: number): number {
  let hash = 0x811c9dc5 | 0;
  for (let i = start; i < end; i++) hash = Math.imul(hash ^ (bytes[i] ?? 0), 0x01000193);
  return hash ^ (hash >>> 15);
}

function grown(bytes: Uint8Array<ArrayBuffer>, more: number): Uint8Array<ArrayBuffer> {
  const larger = new Uint8Array((bytes.length + more) * 2);
  larger.set(bytes);
  return larger;
}
