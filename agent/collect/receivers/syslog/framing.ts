import { ByteQueue } from "../byte_queue.ts";
import type { MemoryBudget } from "../memory_budget.ts";

const [newline, carriageReturn, space, less, zero, nine] = [0x0a, 0x0d, 0x20, 0x3c, 0x30, 0x39];
/** Digits of a length: a gigabyte has nine. */
const digitsMax = 9;

/** A message, and whether it was cut at the limit; the bytes are a copy. */
export type OnMessage = (message: Buffer, wasCut: boolean) => void;

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

  constructor(bytesMax: number, memory: MemoryBudget, onMessage: OnMessage) {
    this.#queue = new ByteQueue(memory);
    this.#bytesMax = bytesMax;
    this.#onMessage = onMessage;
  }

  /** Throws OperatingError("overloaded") when the receivers hold too much. */
  push(chunk: Uint8Array): void {
    this.#queue.append(chunk);
    while (this.#queue.length > 0 && this.#step());
  }

  /** A last message without a line end is one, too, and of a counted one stands what came. */
  end(): void {
    const { bytes } = this.#queue;
    if (bytes.length > 0 && !this.#skipsLine && this.#skipBytes === 0) {
      const counted = this.#scanned === 0 ? countOf(bytes) : undefined;
      if (typeof counted === "object") this.#tell(bytes.subarray(counted.start), true);
      else this.#tell(bytes, false);
    }
    this.#queue.close();
  }

  /** Takes one message or one skip further; false: more bytes are needed. */
  #step(): boolean {
    const { bytes } = this.#queue;
    if (this.#skipBytes > 0) {
      const skipped = Math.min(this.#skipBytes, bytes.length);
      this.#skipBytes -= skipped;
      this.#queue.consume(skipped);
      return true;
    }
    if (this.#skipsLine) return this.#skipLine(bytes);
    const counted = this.#scanned === 0 ? countOf(bytes) : undefined;
    if (counted === "incomplete") return false;
    return counted === undefined ? this.#takeLine(bytes) : this.#takeCounted(bytes, counted);
  }

  #skipLine(bytes: Buffer): boolean {
    const end = lineEnd(bytes, 0);
    this.#skipsLine = end < 0;
    this.#queue.consume(end < 0 ? bytes.length : end + 1);
    return end >= 0;
  }

  #takeCounted(bytes: Buffer, { start, length }: Counted): boolean {
    const taken = Math.min(length, this.#bytesMax);
    if (bytes.length < start + taken) return false;
    this.#tell(bytes.subarray(start, start + taken), taken < length);
    this.#queue.consume(start + taken);
    this.#skipBytes = length - taken;
    return true;
  }

  #takeLine(bytes: Buffer): boolean {
    const end = lineEnd(bytes, this.#scanned);
    if (end >= 0 && end <= this.#bytesMax) {
      this.#tell(bytes.subarray(0, end), false);
      this.#queue.consume(end + 1);
      this.#scanned = 0;
      return true;
    }
    this.#scanned = bytes.length;
    if (bytes.length <= this.#bytesMax) return false;
    this.#tell(bytes.subarray(0, this.#bytesMax), true);
    this.#queue.consume(this.#bytesMax);
    this.#skipsLine = true;
    this.#scanned = 0;
    return true;
  }

  #tell(message: Buffer, wasCut: boolean): void {
    const trimmed = wasCut ? message : withoutLineEnd(message);
    if (trimmed.length > 0) this.#onMessage(Buffer.from(trimmed), wasCut);
  }
}

/** Without the newline, carriage return or NUL at its end, which senders put into counted messages and datagrams, too. */
export function withoutLineEnd(message: Buffer): Buffer {
  let end = message.length;
  while (end > 0 && isLineEnd(message[end - 1] ?? 0)) end--;
  return message.subarray(0, end);
}

function isLineEnd(byte: number): boolean {
  return byte === newline || byte === carriageReturn || byte === 0;
}

type Counted = { readonly start: number; readonly length: number };

/** The length at the front, where there is one that a message follows. */
function countOf(bytes: Buffer): Counted | "incomplete" | undefined {
  let at = 0;
  while (at < bytes.length && at <= digitsMax && isDigit(bytes[at] ?? 0)) at++;
  if (at === 0 || at > digitsMax || bytes[0] === zero) return undefined;
  if (at === bytes.length) return "incomplete";
  if (bytes[at] !== space) return undefined;
  if (at + 1 === bytes.length) return "incomplete";
  if (bytes[at + 1] !== less) return undefined;
  return { start: at + 1, length: Number(bytes.toString("latin1", 0, at)) };
}

function isDigit(byte: number): boolean {
  return byte >= zero && byte <= nine;
}

function lineEnd(bytes: Buffer, from: number): number {
  const line = bytes.indexOf(newline, from);
  const nul = (line < 0 ? bytes : bytes.subarray(0, line)).indexOf(0, from);
  return nul < 0 ? line : nul;
}
