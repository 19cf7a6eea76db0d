import type { RecordCut } from "../records/record_memo.ts";
import { skipValue } from "./message_scanner.ts";

const [pair, fixedExtension8, unsigned32] = [0x92, 0xd7, 0xce];
const msPerSecond = 1_000;
const nanosPerMs = 1_000_000;
const none = -1;

/**
 * Finds message and time of an entry as Fluent Bit and Fluentd write it, [EventTime or seconds, {"log": "...", ...}], without building anything of it. The
 * time is no part of the cut, which begins with the record. It only finds borders: what the other keys mean is asked of the decoder.
 */
export class EntryCut implements RecordCut {
  start = 0;
  messageStart = 0;
  messageEnd = 0;
  timeStart = 0;
  timeEnd = 0;
  end = 0;
  /** The place of the message's key among those that were given. */
  rank = none;
  /** The text of the message, behind its header. */
  textStart = 0;
  ms = 0;
  nanos = 0;
  readonly #messageKeys: readonly Uint8Array[];

  constructor(messageKeys: readonly string[]) {
    this.#messageKeys = messageKeys.map((key) => Buffer.from(key));
  }

  /** Whether `bytes`, one whole value, are such an entry with one of the keys. */
  find(bytes: Buffer): boolean {
    if (bytes[0] !== pair) return false;
    const mapStart = this.#readTime(bytes);
    if (mapStart < 0) return false;
    this.start = mapStart;
    this.end = bytes.length;
    this.timeStart = this.end;
    this.timeEnd = this.end;
    return this.#findMessage(bytes, mapStart);
  }

  /** Where the record begins, or -1. */
  #readTime(bytes: Buffer): number {
    if (bytes[1] === fixedExtension8 && bytes[2] === 0 && bytes.length > 11) {
      const nanos = bytes.readUInt32BE(7);
      if (nanos >= 1e9) return none;
      const ms = Math.floor(nanos / nanosPerMs);
      this.ms = bytes.readUInt32BE(3) * msPerSecond + ms;
      this.nanos = nanos - ms * nanosPerMs;
      return 11;
    }
    if (bytes[1] !== unsigned32 || bytes.length <= 6) return none;
    this.ms = bytes.readUInt32BE(2) * msPerSecond;
    this.nanos = 0;
    return 6;
  }

  #findMessage(bytes: Buffer, mapStart: number): boolean {
    const header = bytes[mapStart] ?? 0;
    const isSmall = header >= 0x80 && header <= 0x8f;
    if (!isSmall && header !== 0xde) return false;
    let at = mapStart + (isSmall ? 1 : 3);
    const pairs = isSmall ? header & 15 : bytes.readUInt16BE(Math.min(mapStart + 1, this.end - 2));
    this.rank = none;
    for (let i = 0; i < pairs; i++) {
      const key = textStart(bytes, at);
      const valueStart = skipValue(bytes, at);
      const valueEnd = skipValue(bytes, valueStart);
      if (key < 0 || valueStart < 0 || valueEnd < 0) return false;
      const rank = this.#rankOf(bytes, key, valueStart);
      at = valueEnd;
      if (rank < 0 || (this.rank >= 0 && rank > this.rank)) continue;
      // Of two of one name the last counts.
      if (rank === this.rank) return false;
      this.rank = rank;
      this.textStart = textStart(bytes, valueStart);
      if (this.textStart < 0) return false;
      this.messageStart = valueStart;
      this.messageEnd = valueEnd;
    }
    return at === this.end && this.rank >= 0;
  }

  #rankOf(bytes: Buffer, start: number, end: number): number {
    for (let rank = 0; rank < this.#messageKeys.length; rank++) {
      const key = this.#messageKeys[rank] ?? bytes;
      if (key.length !== end - start) continue;
      let same = 0;
      while (same < key.length && key[same] === bytes[start + same]) same++;
      if (same === key.length) return rank;
    }
    return none;
  }
}

/** Where the text of a string, or the bytes of a bin, begin; -1 for anything else. */
function textStart(bytes: Buffer, at: number): number {
  const type = bytes[at] ?? 0;
  if (type >= 0xa0 && type <= 0xbf) return at + 1;
  if (type === 0xd9 || type === 0xc4) return at + 2;
  if (type === 0xda || type === 0xc5) return at + 3;
  return type === 0xdb || type === 0xc6 ? at + 5 : none;
}
