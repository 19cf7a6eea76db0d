import { OperatingError } from "#shared/errors.ts";

/** Writes the types of Kafka's protocol that are not "flexible": big-endian numbers, lengths before texts and lists. */
export class WireWriter {
  readonly #parts: Buffer[] = [];

  int8(value: number): this {
    const bytes = Buffer.allocUnsafe(1);
    bytes.writeInt8(value);
    return this.#push(bytes);
  }

  int16(value: number): this {
    const bytes = Buffer.allocUnsafe(2);
    bytes.writeInt16BE(value);
    return this.#push(bytes);
  }

  int32(value: number): this {
    const bytes = Buffer.allocUnsafe(4);
    bytes.writeInt32BE(value);
    return this.#push(bytes);
  }

  int64(value: bigint): this {
    const bytes = Buffer.allocUnsafe(8);
    bytes.writeBigInt64BE(value);
    return this.#push(bytes);
  }

  string(text: string): this {
    const bytes = Buffer.from(text);
    return this.int16(bytes.length).#push(bytes);
  }

  bytes(bytes: Uint8Array): this {
    return this.int32(bytes.length).#push(Buffer.from(bytes));
  }

  list<T>(items: readonly T[], write: (item: T) => void): this {
    this.int32(items.length);
    for (const item of items) write(item);
    return this;
  }

  /** A list that is null, which mostly stands for "all". */
  nullList(): this {
    return this.int32(-1);
  }

  finish(): Buffer {
    return Buffer.concat(this.#parts);
  }

  #push(bytes: Buffer): this {
    this.#parts.push(bytes);
    return this;
  }
}

/** Reads the same. Throws OperatingError "corrupt" where an answer ends before what it announces. */
export class WireReader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  int8(): number {
    return this.#bytes.readInt8(this.#take(1));
  }

  int16(): number {
    return this.#bytes.readInt16BE(this.#take(2));
  }

  int32(): number {
    return this.#bytes.readInt32BE(this.#take(4));
  }

  /** Offsets and times are below 2^53. */
  int64(): number {
    return Number(this.#bytes.readBigInt64BE(this.#take(8)));
  }

  /** "" for null. */
  string(): string {
    const length = this.int16();
    if (length < 0) return "";
    const at = this.#take(length);
    return this.#bytes.toString("utf8", at, at + length);
  }

  bytes(): Buffer {
    const length = Math.max(0, this.int32());
    const at = this.#take(length);
    return this.#bytes.subarray(at, at + length);
  }

  /** Calls back for each item; a null list has none. */
  list(read: () => void): void {
    const count = this.int32();
    for (let i = 0; i < count; i++) read();
  }

  #take(count: number): number {
    const at = this.#at;
    if (at + count > this.#bytes.length)
      throw new OperatingError("corrupt", "an answer ends before what it announces");
    this.#at = at + count;
    return at;
  }
}
