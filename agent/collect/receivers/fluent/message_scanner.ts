import { OperatingError } from "#shared/errors.ts";

/** Bytes that are no MessagePack, or a message over a limit. */
export class MessagePackError extends OperatingError {
  constructor(message: string) {
    super("bad_request", message);
  }
}

/**
 * Finds where a MessagePack value ends, without building it, and goes on where it stopped when more bytes have come: so a
 * message in a thousand pieces costs what it costs in one, and its parts are counted before they become objects.
 * Format: https://github.com/msgpack/msgpack/blob/master/spec.md
 */
export class MessageScanner {
  /** Values met so far, keys among them. */
  parts = 0;
  #at = 0;
  #left = 1;

  /** The value's length, once `bytes`, which begin with it, hold all of it. Throws MessagePackError. */
  scan(bytes: Uint8Array): number | undefined {
    while (this.#left > 0) {
      const header = headerAt(bytes, this.#at);
      if (header === undefined) return undefined;
      this.#at += header.length;
      this.#left += header.values - 1;
      this.parts++;
      if (this.#left > 2 ** 32) throw new MessagePackError("a message claims too many values");
    }
    return this.#at <= bytes.length ? this.#at : undefined;
  }

  /** At least so long the value will be. */
  get bytesAtLeast(): number {
    return this.#at;
  }
}

/** Where the one value that begins at `start` ends. Throws MessagePackError where it does not. */
export function valueEnd(bytes: Uint8Array, start: number): number {
  const end = skipValue(bytes, start);
  if (end >= 0) return end;
  if (end === doesNotEnd) throw new MessagePackError("a value does not end");
  throw new MessagePackError(
    end === isOfNoType ? "a byte of no type" : "a message claims too many values",
  );
}

const [doesNotEnd, isOfNoType, claimsTooMuch] = [-1, -2, -3];
const valuesMax = 2 ** 32;

/** Where the one value that begins at `start` ends; below 0 where it does not. Nothing is made for the values in it. */
export function skipValue(bytes: Uint8Array, start: number): number {
  let at = start;
  for (let left = 1; left > 0; left--) {
    const type = bytes[at];
    if (type === undefined) return doesNotEnd;
    if (type <= 0x7f || type >= 0xe0) at++;
    else if (type <= 0x8f) {
      at++;
      left += 2 * (type & 15);
    } else if (type <= 0x9f) {
      at++;
      left += type & 15;
    } else if (type <= 0xbf) at += 1 + (type & 31);
    else {
      const kind = kinds[type - 0xc0];
      if (kind === undefined) return isOfNoType;
      const sizeBytes = kind[0];
      if (bytes.length < at + 1 + sizeBytes) return doesNotEnd;
      let size = 0;
      for (let i = 1; i <= sizeBytes; i++) size = size * 256 + (bytes[at + i] ?? 0);
      at += 1 + sizeBytes;
      if (kind[2] === 0) at += kind[1] + size;
      else left += size * kind[2];
    }
    if (left > valuesMax) return claimsTooMuch;
  }
  return at <= bytes.length ? at : doesNotEnd;
}

/** How many values a whole value is made of, keys and itself among them. Throws MessagePackError. */
export function partsOf(bytes: Uint8Array): number {
  const scanner = new MessageScanner();
  scanner.scan(bytes);
  return scanner.parts;
}

/** How many values the array at `start` has, and where they begin. Throws MessagePackError for anything else. */
export function arrayAt(bytes: Uint8Array, start: number): { values: number; start: number } {
  const header = headerAt(bytes, start);
  const type = bytes[start] ?? 0;
  const isArray = (type >= 0x90 && type <= 0x9f) || type === 0xdc || type === 0xdd;
  if (!isArray || header === undefined) throw new MessagePackError("expected an array");
  return { values: header.values, start: start + header.length };
}

/** `length` with the bytes of the value's own, `values` that follow. */
type Header = { readonly length: number; readonly values: number };

/** Undefined where the header is not there as a whole. Throws MessagePackError. */
function headerAt(bytes: Uint8Array, at: number): Header | undefined {
  const type = bytes[at];
  if (type === undefined) return undefined;
  if (type <= 0x7f || type >= 0xe0) return one;
  if (type <= 0x8f) return { length: 1, values: 2 * (type & 15) };
  if (type <= 0x9f) return { length: 1, values: type & 15 };
  if (type <= 0xbf) return { length: 1 + (type & 31), values: 0 };
  const kind = kinds[type - 0xc0];
  if (kind === undefined) throw new MessagePackError("a byte of no type");
  const [sizeBytes, fixed, perItem] = kind;
  if (bytes.length < at + 1 + sizeBytes) return undefined;
  let size = 0;
  for (let i = 0; i < sizeBytes; i++) size = size * 256 + (bytes[at + 1 + i] ?? 0);
  if (perItem === 0) return { length: 1 + sizeBytes + fixed + size, values: 0 };
  return { length: 1 + sizeBytes, values: size * perItem };
}

const one: Header = { length: 1, values: 0 };

/** Of types 0xc0 to 0xdf: bytes of a size, bytes beside it, and values for each of that size (0: it counts bytes). */
const kinds: readonly (readonly [sizeBytes: number, fixed: number, perItem: number] | undefined)[] =
  [
    [0, 0, 0],
    undefined,
    [0, 0, 0],
    [0, 0, 0],
    // bin 8, 16, 32; ext 8, 16, 32.
    [1, 0, 0],
    [2, 0, 0],
    [4, 0, 0],
    [1, 1, 0],
    [2, 1, 0],
    [4, 1, 0],
    // float 32, 64; uint 8 to 64; int 8 to 64.
    [0, 4, 0],
    [0, 8, 0],
    [0, 1, 0],
    [0, 2, 0],
    [0, 4, 0],
    [0, 8, 0],
    [0, 1, 0],
    [0, 2, 0],
    [0, 4, 0],
    [0, 8, 0],
    // fixext 1 to 16.
    [0, 2, 0],
    [0, 3, 0],
    [0, 5, 0],
    [0, 9, 0],
    [0, 17, 0],
    // str 8, 16, 32; array 16, 32; map 16, 32.
    [1, 0, 0],
    [2, 0, 0],
    [4, 0, 0],
    [2, 0, 1],
    [4, 0, 1],
    [2, 0, 2],
    [4, 0, 2],
  ];
