/** An allocation beyond it is given back as soon as it is empty. */
const keptBytesMax = 64 * 1_024;

/** Bytes that came and were not taken yet. It grows by doubling, so that a long answer in many pieces is not copied again with each. */
export class HeldBytes {
  #buffer: Buffer = Buffer.alloc(0);
  #start = 0;
  #end = 0;

  get length(): number {
    return this.#end - this.#start;
  }

  /** What is held; good until the next append or take. */
  view(): Buffer {
    return this.#buffer.subarray(this.#start, this.#end);
  }

  /** The bytes become this object's own. */
  append(bytes: Buffer): void {
    if (this.length === 0) {
      [this.#buffer, this.#start, this.#end] = [bytes, 0, bytes.length];
      return;
    }
    if (this.#end + bytes.length > this.#buffer.length) this.#makeRoom(this.length + bytes.length);
    bytes.copy(this.#buffer, this.#end);
    this.#end += bytes.length;
  }

  /** Forgets the first `count` bytes. */
  drop(count: number): void {
    this.#start += count;
    if (this.length > 0) return;
    if (this.#buffer.length > keptBytesMax) this.#buffer = Buffer.alloc(0);
    [this.#start, this.#end] = [0, 0];
  }

  #makeRoom(size: number): void {
    const held = this.view();
    const isRoomy = size * 2 <= this.#buffer.length;
    const buffer = isRoomy ? this.#buffer : Buffer.allocUnsafe(size * 2);
    held.copy(buffer);
    [this.#buffer, this.#start, this.#end] = [buffer, 0, held.length];
  }
}
