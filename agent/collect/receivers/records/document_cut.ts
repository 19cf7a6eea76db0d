import { isUtf8 } from "node:buffer";
import { jsonTextEnd } from "./json_text.ts";
import type { RecordCut } from "./record_memo.ts";

const [quote, comma, colon, backslash] = [0x22, 0x2c, 0x3a, 0x5c];
const [openBrace, closeBrace, openBracket, closeBracket] = [0x7b, 0x7d, 0x5b, 0x5d];
const [minus, zero, nine] = [0x2d, 0x30, 0x39];
const none = -1;

/** What the value that comes next is. */
type Role = "other" | "message" | "time" | "key";

/**
 * Finds message and time of a JSON object's text among its own keys, without building anything of it. It only finds borders: that the rest is JSON, and
 * what it means, is asked of the parser.
 */
export class DocumentCut implements RecordCut {
  start = 0;
  end = 0;
  /** Between its quotes. */
  messageStart = 0;
  messageEnd = 0;
  /** A string with its quotes or a number; both at the end where there is no time. */
  timeStart = 0;
  timeEnd = 0;
  /** The places of the message's and the time's keys among those that were given; -1 for none. */
  messageRank = none;
  timeRank = none;
  readonly #messageKeys: readonly Uint8Array[];
  readonly #timeKeys: readonly Uint8Array[];
  #rank = none;

  constructor(messageKeys: readonly string[], timeKeys: readonly string[]) {
    this.#messageKeys = messageKeys.map((key) => Buffer.from(key));
    this.#timeKeys = timeKeys.map((key) => Buffer.from(key));
  }

  /** Whether bytes[start, end) seem to be an object with a message. */
  find(bytes: Buffer, start: number, end: number): boolean {
    this.start = start;
    this.end = end;
    this.messageRank = none;
    this.timeRank = none;
    this.timeStart = end;
    this.timeEnd = end;
    if (bytes[start] !== openBrace || !this.#scan(bytes, start + 1, end)) return false;
    return this.messageRank !== none;
  }

  #scan(bytes: Buffer, start: number, end: number): boolean {
    let depth = 1;
    let role: Role = "key";
    for (let at = start; at < end; at++) {
      const byte = bytes[at] ?? 0;
      if (byte === quote) {
        const first = at + 1;
        at = jsonTextEnd(bytes, first, end);
        if (at === none) return false;
        if (depth > 1) continue;
        if (role === "key") {
          const next = this.#roleOf(bytes, first, at);
          if (next === undefined) return false;
          role = next;
        } else {
          this.#take(role, first, at);
          role = "other";
        }
        continue;
      }
      if (depth === 1 && role !== "other" && role !== "key" && byte > 0x20 && byte !== colon) {
        // A message that is no text, or a time that is no number either, is for the parser.
        if (role === "message" || !isNumber(byte)) return false;
        this.timeRank = this.#rank;
        this.timeStart = at;
        while (at + 1 < end && isInNumber(bytes[at + 1] ?? 0)) at++;
        this.timeEnd = at + 1;
        role = "other";
      } else if (byte === comma) {
        if (depth === 1) role = "key";
      } else if (byte === openBrace || byte === openBracket) depth++;
      else if (byte === closeBrace || byte === closeBracket) {
        depth--;
        if (depth === 0) return at + 1 === end && isUtf8(bytes.subarray(start, end));
      }
    }
    return false;
  }

  /** Of the key bytes[start, end), with its place in #rank; undefined for one that needs the parser. */
  #roleOf(bytes: Buffer, start: number, end: number): Role | undefined {
    for (let at = start; at < end; at++) if (bytes[at] === backslash) return undefined;
    const message = placeOf(this.#messageKeys, bytes, start, end);
    if (message !== none) {
      // Of two of one name the last counts.
      if (message === this.messageRank) return undefined;
      if (this.messageRank !== none && message > this.messageRank) return "other";
      this.#rank = message;
      return "message";
    }
    const time = placeOf(this.#timeKeys, bytes, start, end);
    if (time === none) return "other";
    if (time === this.timeRank) return undefined;
    if (this.timeRank !== none && time > this.timeRank) return "other";
    this.#rank = time;
    return "time";
  }

  #take(role: Role, start: number, end: number): void {
    if (role === "message") {
      this.messageRank = this.#rank;
      this.messageStart = start;
      this.messageEnd = end;
    } else if (role === "time") {
      this.timeRank = this.#rank;
      this.timeStart = start - 1;
      this.timeEnd = end + 1;
    }
  }
}

function placeOf(
  keys: readonly Uint8Array[],
  bytes: Uint8Array,
  start: number,
  end: number,
): number {
  for (let place = 0; place < keys.length; place++) {
    const key = keys[place] ?? bytes;
    if (key.length !== end - start) continue;
    let same = 0;
    while (same < key.length && key[same] === bytes[start + same]) same++;
    if (same === key.length) return place;
  }
  return none;
}

function isNumber(byte: number): boolean {
  return byte === minus || (byte >= zero && byte <= nine);
}

/** Digits, "+", "-", ".", "e", "E". */
function isInNumber(byte: number): boolean {
  return isNumber(byte) || byte === 0x2b || byte === 0x2e || (byte | 0x20) === 0x65;
}
