import { ByteQueue } from "../transport/byte_queue.ts";
import type { MemoryBudget } from "../transport/memory_budget.ts";

const [newline, carriageReturn, space, less, zero, nine] = [0x0a, 0x0d, 0x20, 0x3c, 0x30, 0x39];
/** Digits of a length: a gigabyte has nine. */
const digitsMax = 9;
/** In place of a position: more bytes are needed. */
const incomplete = -1;

/** A message is bytes[start, end), which hold until the call returns, and may have been cut at the limit. */
export type OnMessage = (bytes: Buffer, start: number, end: number, wasCut: boolean) => void;

/**
 * Messages of a byte stream in either framing of RFC 6587, told apart message by message: a length, a space and a "<" is octet
 * counting, everything else ends at a newline (or NUL). A message longer than the limit is cut there, and the rest of it is skipped.
 */
export class SyslogFraming {
  readonly #queue: ByteQueue;
  readonly #bytesMax: number;
  readonly #onMessage: OnMessage;
  /** Bytes of a counted message, or up to a newline, that are still to be skipped. */
  #skipBytes = 0;
  #skipsLine = false;
  /** Bytes of what waits that have no line end among them. */
  #scanned = 0;
  /** Where the next NUL and the next newline of the bytes that are looked at stand, so that every byte is searched once for each. */
  #nul = incomplete;
  #newline = incomplete;
  #counted: Counted = { start: 0, length: 0 };

  constructor(bytesMax: number, memory: MemoryBudget, onMessage: OnMessage) {
    this.#queue = new ByteQueue(memory);
    this.#bytesMax = bytesMax;
    this.#onMessage = onMessage;
  }

  /** Throws OperatingError("overloaded") when the receivers hold too much. */
  push(chunk: Uint8Array): void {
    this.#queue.append(chunk);
    const { bytes } = this.#queue;
    this.#nul = positionOf(0, bytes, this.#scanned);
    this.#newline = positionOf(newline, bytes, this.#scanned);
    let at = 0;
    while (at < bytes.length) {
      const next = this.#step(bytes, at);
      if (next === incomplete) break;
      at = next;
    }
    this.#queue.consume(at);
  }

  /** A last message without a line end is one, too, and of a counted one stands what came. */
  end(): void {
    const { bytes } = this.#queue;
    if (bytes.length > 0 && !this.#skipsLine && this.#skipBytes === 0) {
      const isCounted = this.#scanned === 0 && readCount(bytes, 0, this.#counted) === "counted";
      this.#tell(bytes, isCounted ? this.#counted.start : 0, bytes.length, isCounted);
    }
    this.#queue.close();
  }

  /** Takes one message or one skip that begins at `at` further; gives where the next one begins. */
  #step(bytes: Buffer, at: number): number {
    if (this.#skipBytes > 0) {
      const skipped = Math.min(this.#skipBytes, bytes.length - at);
      this.#skipBytes -= skipped;
      return at + skipped;
    }
    if (this.#skipsLine) return this.#skipLine(bytes, at);
    if (this.#scanned === 0 && isMessageEnd(bytes[at] ?? 0)) return afterMessageEnds(bytes, at);
    const count = this.#scanned === 0 ? readCount(bytes, at, this.#counted) : "none";
    if (count === "incomplete") return incomplete;
    return count === "none" ? this.#takeLine(bytes, at) : this.#takeCounted(bytes, this.#counted);
  }

  #skipLine(bytes: Buffer, at: number): number {
    const end = this.#lineEnd(bytes, at);
    this.#skipsLine = end < 0;
    return end < 0 ? bytes.length : end + 1;
  }

  #takeCounted(bytes: Buffer, { start, length }: Counted): number {
    const taken = Math.min(length, this.#bytesMax);
    if (bytes.length < start + taken) return incomplete;
    this.#tell(bytes, start, start + taken, taken < length);
    this.#skipBytes = length - taken;
    return start + taken;
  }

  #takeLine(bytes: Buffer, at: number): number {
    const end = this.#lineEnd(bytes, at + this.#scanned);
    if (end >= 0 && end - at <= this.#bytesMax) {
      this.#scanned = 0;
      this.#tell(bytes, at, end, false);
      return end + 1;
    }
    this.#scanned = bytes.length - at;
    if (this.#scanned <= this.#bytesMax) return incomplete;
    this.#scanned = 0;
    this.#skipsLine = true;
    this.#tell(bytes, at, at + this.#bytesMax, true);
    return at + this.#bytesMax;
  }

  #lineEnd(bytes: Buffer, from: number): number {
    if (this.#nul < from) this.#nul = positionOf(0, bytes, from);
    if (this.#newline < from) this.#newline = positionOf(newline, bytes, from);
    const end = Math.min(this.#nul, this.#newline);
    return end === Infinity ? incomplete : end;
  }

  #tell(bytes: Buffer, start: number, end: number, wasCut: boolean): void {
    const last = wasCut ? end : trimmedEnd(bytes, start, end);
    if (last > start) this.#onMessage(bytes, start, last, wasCut);
  }
}

/** Infinity where there is none: nothing is searched for it again. */
function positionOf(byte: number, bytes: Buffer, from: number): number {
  const at = bytes.indexOf(byte, from);
  return at < 0 ? Infinity : at;
}

function isMessageEnd(byte: number): boolean {
  return byte === newline || byte === 0;
}

/** Many ends in a row are messages without a byte: stepping over them costs a nanosecond each, a search a hundred times that. */
function afterMessageEnds(bytes: Buffer, at: number): number {
  let next = at + 1;
  while (next < bytes.length && isMessageEnd(bytes[next] ?? 0)) next++;
  return next;
}

/** The end without the newline, carriage return or NUL before it, which senders put into counted messages and datagrams, too. */
export function trimmedEnd(bytes: Uint8Array, start: number, end: number): number {
  let last = end;
  while (last > start && isLineEnd(bytes[last - 1] ?? 0)) last--;
  return last;
}

function isLineEnd(byte: number): boolean {
  return byte === carriageReturn || isMessageEnd(byte);
}

type Counted = { start: number; length: number };

/** Reads the length at `at`, where there is one that a message follows, into `counted`. */
function readCount(bytes: Buffer, at: number, counted: Counted): "counted" | "incomplete" | "none" {
  let next = at;
  let length = 0;
  for (; next < bytes.length && next - at <= digitsMax; next++) {
    const byte = bytes[next] ?? 0;
    if (byte < zero || byte > nine) break;
    length = 10 * length + byte - zero;
  }
  if (next === at || next - at > digitsMax || bytes[at] === zero) return "none";
  if (next === bytes.length) return "incomplete";
  if (bytes[next] !== space) return "none";
  if (next + 1 === bytes.length) return "incomplete";
  if (bytes[next + 1] !== less) return "none";
  counted.start = next + 1;
  counted.length = length;
  return "counted";
}
