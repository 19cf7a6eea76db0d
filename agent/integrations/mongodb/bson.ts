import { OperatingError } from "#shared/errors.ts";

/** What a command is made of. */
export type BsonInput =
  | string
  | number
  | boolean
  | Uint8Array
  | { readonly [key: string]: BsonInput };

/**
 * What an answer is made of: dates are milliseconds, timestamps seconds, 64-bit integers doubles (counters are below 2^53). ObjectIds, decimals
 * and what else is no number, text, list or document are null.
 */
export type BsonValue =
  | string
  | number
  | boolean
  | null
  | Uint8Array
  | readonly BsonValue[]
  | BsonDocument;
export type BsonDocument = { readonly [key: string]: BsonValue };

const depthMax = 100;

/** A document as BSON (bsonspec.org, 1.1). Whole numbers that fit become 32-bit integers. */
export function encodeBson(document: { readonly [key: string]: BsonInput }): Buffer {
  const parts: Buffer[] = [];
  for (const [key, value] of Object.entries(document)) parts.push(element(key, value));
  const body = Buffer.concat(parts);
  const size = Buffer.alloc(4);
  size.writeInt32LE(body.length + 5);
  return Buffer.concat([size, body, Buffer.of(0)]);
}

function element(key: string, value: BsonInput): Buffer {
  const [type, bytes] = encoded(value);
  return Buffer.concat([Buffer.of(type), Buffer.from(`${key}\0`), bytes]);
}

function encoded(value: BsonInput): readonly [type: number, bytes: Buffer] {
  if (typeof value === "boolean") return [0x08, Buffer.of(value ? 1 : 0)];
  if (typeof value === "number") {
    const isInt32 = value === (value | 0);
    const bytes = Buffer.alloc(isInt32 ? 4 : 8);
    if (isInt32) bytes.writeInt32LE(value);
    else bytes.writeDoubleLE(value);
    return [isInt32 ? 0x10 : 0x01, bytes];
  }
  if (typeof value === "string") {
    const text = Buffer.from(`${value}\0`);
    return [0x02, Buffer.concat([int32(text.length), text])];
  }
  if (value instanceof Uint8Array)
    return [0x05, Buffer.concat([int32(value.length), Buffer.of(0), value])];
  return [0x03, encodeBson(value)];
}

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32LE(value);
  return bytes;
}

/** Throws OperatingError "corrupt" where bytes are not a document. */
export function decodeBson(bytes: Buffer): BsonDocument {
  try {
    const reader = new BsonReader(bytes);
    return reader.document(0);
  } catch (thrown) {
    if (thrown instanceof OperatingError) throw thrown;
    throw new OperatingError("corrupt", "an answer ends within a document", { cause: thrown });
  }
}

class BsonReader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  document(depth: number): BsonDocument {
    const found: Record<string, BsonValue> = {};
    this.#elements(depth, (key, value) => {
      // A server's own names; this one would set what objects inherit from.
      if (key !== "__proto__") found[key] = value;
    });
    return found;
  }

  #elements(depth: number, each: (key: string, value: BsonValue) => void): void {
    if (depth > depthMax)
      throw new OperatingError("corrupt", `documents are more than ${depthMax} deep`);
    const end = this.#at + this.#bytes.readInt32LE(this.#at) - 1;
    if (end > this.#bytes.length - 1 || end < this.#at + 4)
      throw new OperatingError("corrupt", "a document announces more bytes than there are");
    this.#at += 4;
    while (this.#at < end) {
      const type = this.#bytes.readUInt8(this.#at);
      this.#at += 1;
      const key = this.#cstring();
      each(key, this.#value(type, depth));
    }
    this.#at = end + 1;
  }

  #value(type: number, depth: number): BsonValue {
    const bytes = this.#bytes;
    switch (type) {
      case 0x01:
        return bytes.readDoubleLE(this.#take(8));
      case 0x02:
      case 0x0d:
      case 0x0e:
        return this.#string();
      case 0x03:
        return this.document(depth + 1);
      case 0x04: {
        const items: BsonValue[] = [];
        this.#elements(depth + 1, (_, value) => items.push(value));
        return items;
      }
      case 0x05: {
        const length = bytes.readInt32LE(this.#take(4));
        const at = this.#take(length + 1) + 1;
        return bytes.subarray(at, at + length);
      }
      case 0x08:
        return bytes.readUInt8(this.#take(1)) !== 0;
      case 0x09:
      case 0x12:
        return Number(bytes.readBigInt64LE(this.#take(8)));
      case 0x10:
        return bytes.readInt32LE(this.#take(4));
      // A timestamp: its seconds are the upper half.
      case 0x11:
        return bytes.readUInt32LE(this.#take(8) + 4);
      default:
        this.#skip(type, depth);
        return null;
    }
  }

  #skip(type: number, depth: number): void {
    if (type === 0x06 || type === 0x0a || type === 0x7f || type === 0xff) return;
    if (type === 0x07) this.#take(12);
    else if (type === 0x13) this.#take(16);
    else if (type === 0x0b) {
      this.#cstring();
      this.#cstring();
    } else if (type === 0x0c) {
      this.#string();
      this.#take(12);
    } else if (type === 0x0f) {
      this.#take(4);
      this.#string();
      this.document(depth + 1);
    } else throw new OperatingError("corrupt", `an element is of the unknown type ${type}`);
  }

  #string(): string {
    const length = this.#bytes.readInt32LE(this.#take(4));
    if (length < 1) throw new OperatingError("corrupt", "a text has no end");
    const at = this.#take(length);
    return this.#bytes.toString("utf8", at, at + length - 1);
  }

  #cstring(): string {
    const end = this.#bytes.indexOf(0, this.#at);
    if (end < 0) throw new OperatingError("corrupt", "a key has no end");
    const text = this.#bytes.toString("utf8", this.#at, end);
    this.#at = end + 1;
    return text;
  }

  #take(count: number): number {
    const at = this.#at;
    if (count < 0 || at + count > this.#bytes.length)
      throw new OperatingError("corrupt", "an answer ends within a document");
    this.#at = at + count;
    return at;
  }
}
