// Hot: guarded by `bench pushed_logs`.
import { isUtf8 } from "node:buffer";
import { ByteMemo } from "../records/byte_memo.ts";
import type { TakeMemory } from "../transport/body.ts";
import type { Steps } from "../transport/decode_turns.ts";
import { JsonTextDecoder } from "../records/json_text.ts";
import { partsMax } from "../transport/request_parts.ts";
import { isObject, textsOf } from "./checked_push.ts";
import { type Metadata, type PushedLines, noMetadata } from "./pushed_lines.ts";
import { checkStreamLabels, orFault } from "./stream_labels.ts";

const [quote, backslash, comma, colon] = [0x22, 0x5c, 0x2c, 0x3a];
const [openBrace, openBracket, closeBrace, closeBracket] = [0x7b, 0x5b, 0x7d, 0x5d];
const [zero, nine, space] = [0x30, 0x39, 0x20];
const none = -1;
const [streamsKey, streamKey, valuesKey] = ["streams", "stream", "values"].map((key) =>
  Buffer.from(`"${key}"`),
);

/** Read without a look at the clock. */
const entriesPerStep = 32;
const bytesPerStep = 64 * 1024;
/** More may be refused, which is decided over the push as a whole. */
const entriesMax = 100_000;
const streamsMax = 10_000;
/** White space in one place; more would take too long for one step. */
const blankBytesMax = 64 * 1024;
/** Of a string, and of the labels of a stream; more would take too long for one step. */
const textBytesMax = 1024 ** 2;
/** Of a time, the last are nanoseconds within its millisecond. */
const [timeDigitsMax, nanosDigits] = [19, 6];

/** Of a known entry, and how many pairs it has. */
type Known = { readonly metadata: Metadata; readonly pairs: number };

/**
 * Reads pushes in JSON entry by entry into lines, straight from the bytes of the body: no text is made of a line. Metadata that comes again is known
 * by its bytes. It takes one form, which all senders use: `{"streams":[{"stream":{...},"values":[["1700000000000000000","line",{...}]]}]}`. Everything else
 * is left to readJsonPush(), errors included.
 */
export class KnownJsonPush {
  readonly #memo = new ByteMemo<Known>();
  readonly #text = new JsonTextDecoder();
  #bytes: Buffer = Buffer.alloc(0);
  #at = 0;
  #pairs = 0;
  /** Of the last string, and where its first escape stands; -1 where it has none. */
  #textStart = 0;
  #textEnd = 0;
  #escape = none;
  #ms = 0;
  #nanos = 0;

  /** False: the lines are of no use. Throws OperatingError("overloaded"). */
  *read(body: Uint8Array, lines: PushedLines, take: TakeMemory): Steps<boolean> {
    if (body[0] !== openBrace || !isUtf8(body)) return false;
    // What is kept of the lines is a copy.
    take(body.length);
    lines.reserve(body.length);
    yield;
    this.#bytes = Buffer.from(body.buffer, body.byteOffset, body.length);
    this.#at = 0;
    this.#pairs = 0;
    try {
      return yield* this.#readPush(lines);
    } finally {
      this.#bytes = Buffer.alloc(0);
      this.#text.bytes = this.#bytes;
    }
  }

  *#readPush(lines: PushedLines): Steps<boolean> {
    if (!this.#takes(openBrace) || !this.#takesKey(streamsKey) || !this.#takes(openBracket))
      return false;
    if (!this.#takes(closeBracket)) {
      let streams = 0;
      do {
        if (streams++ === streamsMax || !(yield* this.#readStream(lines))) return false;
      } while (this.#takes(comma));
      if (!this.#takes(closeBracket)) return false;
    }
    return this.#takes(closeBrace) && this.#next() === none;
  }

  *#readStream(lines: PushedLines): Steps<boolean> {
    if (!this.#takes(openBrace) || !this.#takesKey(streamKey)) return false;
    const labels = this.#readObject();
    if (labels === undefined) return false;
    const pairs: [string, string][] = [];
    for (const [name, value] of Object.entries(labels)) {
      if (typeof value !== "string") return false;
      pairs.push([name, value]);
    }
    if (!this.#takes(comma) || !this.#takesKey(valuesKey) || !this.#takes(openBracket))
      return false;
    lines.stream(orFault(() => checkStreamLabels(pairs)));
    yield;
    if (!this.#takes(closeBracket)) {
      for (let isMore = true; isMore;) {
        if (!this.#readEntries(lines)) return false;
        isMore = this.#takes(comma);
        yield;
      }
      if (!this.#takes(closeBracket)) return false;
    }
    return this.#takes(closeBrace);
  }

  /** The entries of one step, without the comma behind them. */
  #readEntries(lines: PushedLines): boolean {
    const from = this.#at;
    for (let entries = 1; this.#readEntry(lines); entries++) {
      if (entries === entriesPerStep || this.#at - from >= bytesPerStep) return true;
      if (!this.#takes(comma)) return true;
    }
    return false;
  }

  #readEntry(lines: PushedLines): boolean {
    if (!this.#takes(openBracket) || !this.#readTime()) return false;
    if (!this.#takes(comma) || !this.#readText()) return false;
    const [start, end] = [this.#textStart, this.#textEnd];
    const escape = this.#escape;
    let metadata: Metadata | undefined = noMetadata;
    if (this.#takes(comma)) metadata = this.#readMetadata(lines);
    if (metadata === undefined || !this.#takes(closeBracket)) return false;
    if (lines.entries >= entriesMax || this.#pairs > partsMax) return false;
    if (escape === none) {
      lines.add(this.#ms, this.#nanos, this.#bytes, start, end, metadata);
      return true;
    }
    const text = this.#text;
    if (!text.decode(this.#bytes, start, end, escape)) return false;
    lines.add(this.#ms, this.#nanos, text.bytes, text.start, text.end, metadata);
    return true;
  }

  /** Unix nanoseconds as a string of digits. */
  #readTime(): boolean {
    if (this.#next() !== quote) return false;
    const bytes = this.#bytes;
    const start = this.#at + 1;
    let end = start;
    while (isDigit(bytes[end] ?? 0)) end++;
    if (bytes[end] !== quote || end === start || end - start > timeDigitsMax) return false;
    const split = Math.max(start, end - nanosDigits);
    this.#ms = numberOf(bytes, start, split);
    this.#nanos = numberOf(bytes, split, end);
    this.#at = end + 1;
    return true;
  }

  /** The bytes between the quotes of the string that comes next. */
  #readText(): boolean {
    if (this.#next() !== quote) return false;
    const bytes = this.#bytes;
    const start = this.#at + 1;
    const stop = Math.min(bytes.length, start + textBytesMax);
    let escape = none;
    for (let at = start; at < stop; at++) {
      const byte = bytes[at] ?? 0;
      if (byte === quote) {
        this.#textStart = start;
        this.#textEnd = at;
        this.#escape = escape;
        this.#at = at + 1;
        return true;
      }
      if (byte === backslash) {
        if (escape === none) escape = at;
        at++;
      } else if (byte < space) return false;
    }
    return false;
  }

  #readMetadata(lines: PushedLines): Metadata | undefined {
    const start = this.#next() === openBrace ? this.#at : none;
    const end = start === none ? none : this.#objectEnd();
    if (end === none) return undefined;
    let known = this.#memo.get(this.#bytes, start, end, 0);
    if (known === undefined) {
      const object = this.#readObject();
      if (object === undefined) return undefined;
      const texts = textsOf(object);
      known = { metadata: lines.metadata(texts), pairs: Object.keys(texts).length };
      this.#memo.set(this.#bytes, start, end, 0, known);
    }
    this.#at = end;
    this.#pairs += known.pairs;
    return known.metadata;
  }

  /** The object that comes next, if none of its values is an object or a list. */
  #readObject(): Record<string, unknown> | undefined {
    const end = this.#next() === openBrace ? this.#objectEnd() : none;
    if (end === none) return undefined;
    const text = this.#bytes.toString("utf8", this.#at, end);
    this.#at = end;
    try {
      const object: unknown = JSON.parse(text);
      return isObject(object) ? object : undefined;
    } catch (thrown) {
      if (thrown instanceof SyntaxError) return undefined;
      throw thrown;
    }
  }

  /** Where the object ends that begins here; -1 where it holds another one or a list. */
  #objectEnd(): number {
    const bytes = this.#bytes;
    const stop = Math.min(bytes.length, this.#at + textBytesMax);
    let isInText = false;
    for (let at = this.#at + 1; at < stop; at++) {
      const byte = bytes[at];
      if (byte === quote) isInText = !isInText;
      else if (isInText) {
        if (byte === backslash) at++;
      } else if (byte === closeBrace) return at + 1;
      else if (byte === openBrace || byte === openBracket) return none;
    }
    return none;
  }

  /** Goes behind a key and its colon. */
  #takesKey(key: Uint8Array | undefined): boolean {
    if (key === undefined || this.#next() !== quote) return false;
    for (let i = 0; i < key.length; i++) if (this.#bytes[this.#at + i] !== key[i]) return false;
    this.#at += key.length;
    return this.#takes(colon);
  }

  /** Goes behind this byte, if it comes next. */
  #takes(byte: number): boolean {
    if (this.#next() !== byte) return false;
    this.#at++;
    return true;
  }

  /** The next byte that is no white space; -1 at the end. Of too much white space it gives the last byte, which fits nowhere. */
  #next(): number {
    const bytes = this.#bytes;
    const stop = Math.min(bytes.length, this.#at + blankBytesMax);
    for (; this.#at < stop; this.#at++) {
      const byte = bytes[this.#at] ?? 0;
      if (byte !== space && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) return byte;
    }
    return stop < bytes.length ? space : none;
  }
}

function isDigit(byte: number): boolean {
  return byte >= zero && byte <= nine;
}

function numberOf(bytes: Uint8Array, start: number, end: number): number {
  let number = 0;
  for (let at = start; at < end; at++) number = 10 * number + (bytes[at] ?? 0) - zero;
  return number;
}
