import { ByteMemo } from "./byte_memo.ts";
import { IsoTimeCut } from "./iso_time_cut.ts";
import { timeNanos } from "./record_time.ts";

const [quote, zero] = [0x22, 0x30];
const nanosPerMs = 1_000_000;
/** A number of so many digits is exact. */
const digitsMax = 15;

/** Reads the time of a document, a JSON string or number, into `ms` and `nanos`: Unix time. */
export type DocumentTime = {
  readonly ms: number;
  readonly nanos: number;
  /** Whether bytes[start, end) tell one. */
  read(bytes: Buffer, start: number, end: number): boolean;
};

/** Times as timeNanos() reads them; seconds that come again are known by their bytes. */
export class AnyDocumentTime implements DocumentTime {
  ms = 0;
  nanos = 0;
  readonly #seconds = new ByteMemo<number>();
  readonly #cut = new IsoTimeCut();

  read(bytes: Buffer, start: number, end: number): boolean {
    if (bytes[start] !== quote)
      return this.#readDigits(bytes, start, end) || this.#readAny(bytes, start, end);
    const cut = this.#cut;
    if (cut.find(bytes, start + 1) !== end - 1) return this.#readAny(bytes, start, end);
    const known = this.#seconds.get(bytes, start, cut.secondEnd, cut.zone);
    if (known !== undefined) {
      const ms = Math.floor(cut.nanos / nanosPerMs);
      this.ms = known + ms;
      this.nanos = cut.nanos - ms * nanosPerMs;
      return true;
    }
    if (!this.#readAny(bytes, start, end)) return false;
    const secondMs = this.ms - Math.floor(cut.nanos / nanosPerMs);
    this.#seconds.set(bytes, start, cut.secondEnd, cut.zone, secondMs);
    return true;
  }

  /** Seconds or milliseconds since 1970. */
  #readDigits(bytes: Buffer, start: number, end: number): boolean {
    if (end - start > digitsMax || bytes[start] === zero) return false;
    let value = 0;
    for (let at = start; at < end; at++) {
      const digit = (bytes[at] ?? 0) - zero;
      if (digit < 0 || digit > 9) return false;
      value = 10 * value + digit;
    }
    if (value >= 1e14) return false;
    this.ms = value < 1e11 ? value * 1_000 : value;
    this.nanos = 0;
    return true;
  }

  #readAny(bytes: Buffer, start: number, end: number): boolean {
    const nanos = timeNanos(valueOf(bytes, start, end));
    if (nanos === undefined) return false;
    this.ms = Number(nanos / 1_000_000n);
    this.nanos = Number(nanos % 1_000_000n);
    return true;
  }
}

/** The value of a JSON string or number; undefined for what is none. */
function valueOf(bytes: Buffer, start: number, end: number): unknown {
  try {
    return JSON.parse(bytes.toString("utf8", start, end));
  } catch {
    return undefined;
  }
}
