import { UnsupportedParquet } from "./unsupported.ts";

/** A struct by the ids of its fields. */
export type ThriftStruct = ReadonlyMap<number, ThriftValue>;
export type ThriftValue = boolean | number | Uint8Array | readonly ThriftValue[] | ThriftStruct;

/** Structs in structs; Parquet has fewer. */
const depthMax = 16;
const structType = 12;

/**
 * Thrift's compact protocol (thrift/doc/specs/thrift-compact-protocol.md), as far as Parquet's metadata needs it. Integers
 * beyond 2^53 lose their low bits: none that is read here is as large.
 */
export class ThriftReader {
  readonly #bytes: Uint8Array;
  /** Where the next value begins. */
  at: number;

  constructor(bytes: Uint8Array, at = 0) {
    this.#bytes = bytes;
    this.at = at;
  }

  struct(depth = 0): ThriftStruct {
    if (depth > depthMax) throw new UnsupportedParquet("metadata is nested too deeply");
    const fields = new Map<number, ThriftValue>();
    let id = 0;
    for (;;) {
      const head = this.#byte();
      if (head === 0) return fields;
      const delta = head >> 4;
      id = delta === 0 ? zigzag(this.varint()) : id + delta;
      fields.set(id, this.#value(head & 15, depth));
    }
  }

  /** Hands each field of a struct to `field`, which is to read or skip it, and ends when that gives false. */
  fields(field: (id: number, type: number) => boolean): void {
    let id = 0;
    for (;;) {
      const head = this.#byte();
      if (head === 0) return;
      const delta = head >> 4;
      id = delta === 0 ? zigzag(this.varint()) : id + delta;
      if (!field(id, head & 15)) return;
    }
  }

  /** Calls `struct` for each entry of a list of structs, to read or skip it, and ends when that gives false; gives whether none did. */
  structs(struct: () => boolean): boolean {
    const head = this.#byte();
    if ((head & 15) !== structType) throw new UnsupportedParquet(`a list of type ${head & 15}`);
    const short = head >> 4;
    const length = short === 15 ? this.varint() : short;
    for (let i = 0; i < length; i++) if (!struct()) return false;
    return true;
  }

  value(type: number): ThriftValue {
    return this.#value(type, 0);
  }

  /** Passes over a value, and makes nothing of it. */
  skip(type: number = structType, depth = 0): void {
    switch (type) {
      case 1:
      case 2:
        return;
      case 3:
        this.#byte();
        return;
      case 4:
      case 5:
      case 6:
        while (this.#byte() >= 0x80);
        return;
      case 7:
        this.#double();
        return;
      case 8:
        this.#binary();
        return;
      case 9:
      case 10:
        this.#skipList(depth);
        return;
      case structType:
        this.#skipStruct(depth);
        return;
      default:
        throw new UnsupportedParquet(`metadata of type ${type}`);
    }
  }

  /** Unsigned, of any length. */
  varint(): number {
    let value = 0;
    let scale = 1;
    for (;;) {
      const byte = this.#byte();
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
      scale *= 128;
    }
  }

  #skipStruct(depth: number): void {
    if (depth > depthMax) throw new UnsupportedParquet("metadata is nested too deeply");
    for (;;) {
      const head = this.#byte();
      if (head === 0) return;
      if (head >> 4 === 0) while (this.#byte() >= 0x80);
      this.skip(head & 15, depth + 1);
    }
  }

  #skipList(depth: number): void {
    if (depth > depthMax) throw new UnsupportedParquet("metadata is nested too deeply");
    const head = this.#byte();
    const short = head >> 4;
    const length = short === 15 ? this.varint() : short;
    const type = head & 15;
    if (type <= 2) this.at += length;
    else for (let i = 0; i < length; i++) this.skip(type, depth + 1);
  }

  #value(type: number, depth: number): ThriftValue {
    switch (type) {
      case 1:
        return true;
      case 2:
        return false;
      case 3:
        return (this.#byte() << 24) >> 24;
      case 4:
      case 5:
      case 6:
        return zigzag(this.varint());
      case 7:
        return this.#double();
      case 8:
        return this.#binary();
      case 9:
      case 10:
        return this.#list(depth);
      case structType:
        return this.struct(depth + 1);
      default:
        throw new UnsupportedParquet(`metadata of type ${type}`);
    }
  }

  #list(depth: number): ThriftValue[] {
    const head = this.#byte();
    const short = head >> 4;
    const length = short === 15 ? this.varint() : short;
    const type = head & 15;
    const values: ThriftValue[] = [];
    for (let i = 0; i < length; i++) {
      // In a list, a boolean is a byte of its own.
      values.push(type <= 2 ? this.#byte() === 1 : this.#value(type, depth + 1));
    }
    return values;
  }

  #binary(): Uint8Array {
    const length = this.varint();
    const begin = this.at;
    if (length > this.#bytes.length - begin) throw new UnsupportedParquet("metadata is cut off");
    this.at += length;
    return this.#bytes.subarray(begin, this.at);
  }

  #double(): number {
    const begin = this.at;
    if (this.#bytes.length - begin < 8) throw new UnsupportedParquet("metadata is cut off");
    this.at += 8;
    const { buffer, byteOffset } = this.#bytes;
    return new DataView(buffer, byteOffset + begin, 8).getFloat64(0, true);
  }

  #byte(): number {
    const byte = this.#bytes[this.at++];
    if (byte === undefined) throw new UnsupportedParquet("metadata is cut off");
    return byte;
  }
}

function zigzag(value: number): number {
  return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
}

export function numberField(struct: ThriftStruct, id: number): number | undefined {
  const value = struct.get(id);
  return typeof value === "number" ? value : undefined;
}

export function bytesField(struct: ThriftStruct, id: number): Uint8Array | undefined {
  const value = struct.get(id);
  return value instanceof Uint8Array ? value : undefined;
}

export function structField(struct: ThriftStruct, id: number): ThriftStruct | undefined {
  const value = struct.get(id);
  return value instanceof Map ? value : undefined;
}

export function listField(struct: ThriftStruct, id: number): readonly ThriftValue[] {
  const value = struct.get(id);
  return Array.isArray(value) ? value : [];
}
