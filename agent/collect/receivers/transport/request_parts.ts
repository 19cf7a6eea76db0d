import { type DescMessage, ScalarType } from "@bufbuild/protobuf";
import { BinaryReader, WireType } from "@bufbuild/protobuf/wire";
import { messageOf } from "#shared/errors.ts";
import { BodyError, type TakeMemory, TooLargeError } from "./body.ts";
import type { Steps } from "./decode_turns.ts";

// A decoder makes objects of some hundred bytes from messages of two bytes on the wire, and a compressed body holds
// millions of them in a few kilobytes. So what a body would become is counted before it is decoded, and taken from the memory
// that all requests share.

/** Legitimate requests have some ten thousand: a point with five attributes is twelve messages. */
export const partsMax = 500_000;
/** Measured: 300 bytes a message of protobuf, up to 600 a value of JSON with its checked copy. */
const bytesPerPart = 400;
/** Numbers in lists weigh less than messages. */
const numbersPerPart = 4;
const depthMax = 100;

/** Looked at in one step. */
const stepBytes = 64 * 1024;

/**
 * Counts the messages and numbers that a protobuf message would become. Throws TooLargeError over the limit, BodyError(400) for
 * bytes that are no such message, OperatingError("overloaded") where all requests together hold too much.
 */
export function takeProtobufParts(bytes: Uint8Array, desc: DescMessage, take: TakeMemory): void {
  take(Math.ceil(protobufParts(bytes, desc)) * bytesPerPart);
}

/** As takeProtobufParts(), 64 KiB a step. */
export function* takeProtobufSteps(bytes: Uint8Array, desc: DescMessage, take: TakeMemory): Steps {
  const parts = new ProtobufParts(bytes, desc);
  for (let at = stepBytes; !parts.count(at); at += stepBytes) yield;
  take(Math.ceil(parts.parts) * bytesPerPart);
}

/** The messages and numbers of a message, which cost memory when it is decoded. Throws TooLargeError, BodyError(400). */
export function protobufParts(bytes: Uint8Array, desc: DescMessage): number {
  const parts = new ProtobufParts(bytes, desc);
  parts.count(bytes.length);
  return parts.parts;
}

type Count = { parts: number };

/** Counts the parts of a message, and can pause anywhere. */
class ProtobufParts implements Count {
  parts = 0;
  readonly #reader: BinaryReader;
  /** Ends and fields of the messages around the next field, the outermost first. */
  readonly #ends: number[] = [];
  readonly #fields: Fields[] = [];

  constructor(bytes: Uint8Array, desc: DescMessage) {
    this.#reader = new BinaryReader(bytes);
    this.#begin(desc, bytes.length);
  }

  /** Goes on until byte `until` of the message at least; whether it is at the end. */
  count(until: number): boolean {
    try {
      return this.#count(until);
    } catch (cause) {
      if (cause instanceof TooLargeError) throw cause;
      const message = `request is not a valid message: ${messageOf(cause).slice(0, 200)}`;
      throw new BodyError(400, message, { cause });
    }
  }

  #count(until: number): boolean {
    const reader = this.#reader;
    for (let depth = this.#ends.length - 1; depth >= 0; depth = this.#ends.length - 1) {
      const end = this.#ends[depth] ?? 0;
      const fields = this.#fields[depth];
      let isWithin = false;
      while (!isWithin && reader.pos < end) {
        if (reader.pos >= until) return false;
        const [number, wireType] = reader.tag();
        const field = fields?.get(number);
        if (field === undefined || wireType !== WireType.LengthDelimited) {
          if (field?.isList === true) add(this, 1 / numbersPerPart);
          reader.skip(wireType, number);
          continue;
        }
        const length = reader.uint32();
        const fieldEnd = reader.pos + length;
        if (fieldEnd > end) throw new Error("truncated field");
        isWithin = field.message !== undefined;
        if (field.message !== undefined) this.#begin(field.message, fieldEnd);
        else {
          if (field.isList) add(this, length / field.bytesPerNumber / numbersPerPart);
          reader.pos = fieldEnd;
        }
      }
      if (isWithin) continue;
      if (reader.pos !== end) throw new Error("truncated field");
      this.#ends.pop();
      this.#fields.pop();
    }
    return true;
  }

  #begin(desc: DescMessage, end: number): void {
    if (this.#ends.length > depthMax)
      throw new Error(`messages are nested deeper than ${depthMax}`);
    add(this, 1);
    this.#ends.push(end);
    this.#fields.push(fieldsOf(desc));
  }
}

type Fields = ReadonlyMap<number, CountedField>;
type CountedField = {
  readonly message: DescMessage | undefined;
  readonly isList: boolean;
  /** At least so many on the wire. */
  readonly bytesPerNumber: number;
};

const eightBytes: ReadonlySet<ScalarType> = new Set([
  ScalarType.DOUBLE,
  ScalarType.FIXED64,
  ScalarType.SFIXED64,
]);
/** Derived from the descriptors alone, once each. */
const fieldsByMessage = new WeakMap<DescMessage, ReadonlyMap<number, CountedField>>();

function fieldsOf(desc: DescMessage): ReadonlyMap<number, CountedField> {
  const known = fieldsByMessage.get(desc);
  if (known !== undefined) return known;
  const fields = new Map(
    desc.fields.map((field): [number, CountedField] => {
      const bytesPerNumber = field.scalar !== undefined && eightBytes.has(field.scalar) ? 8 : 1;
      return [
        field.number,
        { message: field.message, isList: field.fieldKind === "list", bytesPerNumber },
      ];
    }),
  );
  fieldsByMessage.set(desc, fields);
  return fields;
}

function add(count: Count, parts: number, countMax = partsMax): void {
  count.parts += parts;
  if (count.parts > countMax)
    throw new TooLargeError(
      `request has more than ${countMax} messages and values: send less at once`,
    );
}

const [quote, backslash, comma, openBrace, openBracket] = [0x22, 0x5c, 0x2c, 0x7b, 0x5b];
const [closeBrace, closeBracket] = [0x7d, 0x5d];
/** Objects and lists in one another; senders have some ten, and each costs a walk over those within it. */
const jsonDepthMax = 1_000;
/** Of one record: legitimate ones have some hundred. */
export const recordPartsMax = 50_000;

/** Counts the objects, lists and values that a text in JSON would become, up to `countMax`. Throws as takeProtobufParts() does. */
export function takeJsonParts(text: Uint8Array, take: TakeMemory, countMax = partsMax): void {
  const count = { parts: 0 };
  let depth = 0;
  for (let at = 0; at < text.length; at++) {
    const byte = text[at];
    if (byte === quote) at = endOfString(text, at + 1);
    else if (byte === comma) add(count, 1 / numbersPerPart, countMax);
    else if (byte === closeBrace || byte === closeBracket) depth--;
    else if (byte === openBrace || byte === openBracket) {
      add(count, 1, countMax);
      if (++depth > jsonDepthMax) throw tooDeep();
    }
  }
  take(Math.ceil(count.parts) * bytesPerPart);
}

/** Counts what takeJsonParts() counts for who looks at a text piece by piece. */
export class JsonParts implements Count {
  parts = 0;
  readonly #take: TakeMemory;
  #taken = 0;

  constructor(take: TakeMemory) {
    this.#take = take;
  }

  comma(): void {
    add(this, 1 / numbersPerPart);
  }

  /** An object or list begins, as the `depth`-th in one another. */
  open(depth: number): void {
    add(this, 1);
    if (depth > jsonDepthMax) throw tooDeep();
  }

  /** Takes the memory of what was counted: before it is parsed. */
  taken(): void {
    const bytes = Math.ceil(this.parts) * bytesPerPart;
    this.#take(bytes - this.#taken);
    this.#taken = bytes;
  }
}

function tooDeep(): BodyError {
  return new BodyError(400, `objects and lists are nested deeper than ${jsonDepthMax}`);
}

/** Where the quote stands that ends a string, or the end of the text. */
function endOfString(text: Uint8Array, from: number): number {
  let at = text.indexOf(quote, from);
  while (at >= 0) {
    let backslashes = 0;
    while (text[at - 1 - backslashes] === backslash && at - 1 - backslashes >= from) backslashes++;
    if (backslashes % 2 === 0) return at;
    at = text.indexOf(quote, at + 1);
  }
  return text.length;
}
