/** Types of Thrift's compact protocol: https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md */
export const thrift = {
  true: 1,
  false: 2,
  i32: 5,
  i64: 6,
  binary: 8,
  list: 9,
  struct: 12,
} as const;

const encoder = new TextEncoder();

/** Writes one Thrift struct after another, compact. Numbers are whole and within +-2^53. */
export class ThriftWriter {
  #bytes = new Uint8Array(256);
  #length = 0;
  /** The last field of each open struct. */
  readonly #fields: number[] = [0];

  int(field: number, type: typeof thrift.i32 | typeof thrift.i64, value: number): void {
    this.#header(field, type);
    this.#varint(zigzag(value));
  }

  flag(field: number, value: boolean): void {
    this.#header(field, value ? thrift.true : thrift.false);
  }

  text(field: number, value: string): void {
    this.binary(field, encoder.encode(value));
  }

  binary(field: number, value: Uint8Array): void {
    this.#header(field, thrift.binary);
    this.#block(value);
  }

  struct(field: number, fill: () => void): void {
    this.#header(field, thrift.struct);
    this.#nested(fill);
  }

  structs<Item>(field: number, items: readonly Item[], fill: (item: Item) => void): void {
    this.#list(field, thrift.struct, items.length);
    for (const item of items) this.#nested(() => fill(item));
  }

  ints(field: number, values: readonly number[]): void {
    this.#list(field, thrift.i32, values.length);
    for (const value of values) this.#varint(zigzag(value));
  }

  texts(field: number, values: readonly string[]): void {
    this.#list(field, thrift.binary, values.length);
    for (const value of values) this.#block(encoder.encode(value));
  }

  /** The struct at the outside, ended. */
  finish(): Uint8Array<ArrayBuffer> {
    this.#byte(0);
    return this.#bytes.slice(0, this.#length);
  }

  #nested(fill: () => void): void {
    this.#fields.push(0);
    fill();
    this.#fields.pop();
    this.#byte(0);
  }

  #header(field: number, type: number): void {
    const step = field - (this.#fields.at(-1) ?? 0);
    this.#fields[this.#fields.length - 1] = field;
    if (step > 0 && step < 16) this.#byte((step << 4) | type);
    else {
      this.#byte(type);
      this.#varint(zigzag(field));
    }
  }

  #list(field: number, type: number, count: number): void {
    this.#header(field, thrift.list);
    if (count < 15) this.#byte((count << 4) | type);
    else {
      this.#byte(0xf0 | type);
      this.#varint(count);
    }
  }

  #block(block: Uint8Array): void {
    this.#varint(block.length);
    this.#ensure(block.length);
    this.#bytes.set(block, this.#length);
    this.#length += block.length;
  }

  #varint(value: number): void {
    let rest = value;
    for (; rest >= 0x80; rest = Math.floor(rest / 128)) this.#byte((rest % 128) | 0x80);
    this.#byte(rest);
  }

  #byte(value: number): void {
    this.#ensure(1);
    this.#bytes[this.#length++] = value;
  }

  #ensure(count: number): void {
    const needed = this.#length + count;
    if (needed <= this.#bytes.length) return;
    const grown = new Uint8Array(Math.max(needed, this.#bytes.length * 2));
    grown.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = grown;
  }
}

function zigzag(value: number): number {
  return value < 0 ? -2 * value - 1 : 2 * value;
}
