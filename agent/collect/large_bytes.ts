import { isTurnOver, nextTurn } from "#shared/async/turns.ts";

/** Copied in one step: fresh memory takes several milliseconds a mebibyte on some machines. */
const stepBytes = 512 * 1024;

/**
 * Bytes that come piece by piece and are wanted in one. A buffer that grows copies all it has at once, up to 150 ms for a body of 64 MiB; here
 * pieces are copied once, in turns.
 */
export class LargeBytes {
  /** Room for what was announced. */
  #room: Uint8Array;
  #filled = 0;
  /** What did not fit there. */
  #pieces: Uint8Array[] = [];
  #length = 0;

  /** `expected`: so many bytes will come; it may be wrong. */
  constructor(expected = 0) {
    this.#room = unfilled(expected);
  }

  get length(): number {
    return this.#length;
  }

  /** The piece must stay as it is. */
  add(piece: Uint8Array): void {
    this.#length += piece.length;
    if (this.#pieces.length > 0 || this.#filled + piece.length > this.#room.length) {
      this.#pieces.push(piece);
      return;
    }
    this.#room.set(piece, this.#filled);
    this.#filled += piece.length;
  }

  /** All of them; nothing may be added afterwards. */
  async joined(): Promise<Uint8Array> {
    const first = this.#room.subarray(0, this.#filled);
    const rest = this.#pieces;
    if (rest.length === 0) return first;
    const [only] = rest;
    if (first.length === 0 && rest.length === 1 && only !== undefined) return only;
    const joined = unfilled(this.#length);
    this.#pieces = [];
    this.#room = new Uint8Array();
    let at = 0;
    for (const piece of [first, ...rest])
      for (let from = 0; from < piece.length; from += stepBytes) {
        if (isTurnOver()) await nextTurn();
        const step = piece.subarray(from, from + stepBytes);
        joined.set(step, at);
        at += step.length;
      }
    return joined;
  }
}

/** Memory that is written before it is read. To clear 48 MB of it takes up to half a second at once, where it is fresh. */
function unfilled(length: number): Uint8Array {
  const { buffer, byteOffset } = Buffer.allocUnsafeSlow(length);
  return new Uint8Array(buffer, byteOffset, length);
}
