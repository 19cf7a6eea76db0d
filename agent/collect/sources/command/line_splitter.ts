const newline = 10;

/** Cuts a stream of bytes into lines without their ends ("\n" or "\r\n"); of a line not more than `bytesMax` is held. */
export class LineSplitter {
  readonly #bytesMax: number;
  #held: Buffer[] = [];
  #heldBytes = 0;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  /** The lines that end in the chunk. */
  *push(chunk: Uint8Array): Generator<{ line: Buffer; cut: boolean }> {
    const data = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    let from = 0;
    for (let end = data.indexOf(newline); end >= 0; end = data.indexOf(newline, from)) {
      this.#hold(data, from, end);
      yield this.#take();
      from = end + 1;
    }
    this.#hold(data, from, data.length);
  }

  /** What stands after the last line end, if anything. */
  rest(): { line: Buffer; cut: boolean } | undefined {
    return this.#heldBytes === 0 ? undefined : this.#take();
  }

  #hold(data: Buffer, from: number, stop: number): void {
    // Two bytes more: one tells that the line is longer, one may be a carriage return.
    const room = Math.max(0, this.#bytesMax + 2 - this.#heldBytes);
    const part = Buffer.from(data.subarray(from, Math.min(stop, from + room)));
    if (part.length > 0) this.#held.push(part);
    this.#heldBytes += part.length;
  }

  #take(): { line: Buffer; cut: boolean } {
    let line = this.#held.length === 1 && this.#held[0] ? this.#held[0] : Buffer.concat(this.#held);
    this.#held = [];
    this.#heldBytes = 0;
    if (line.length <= this.#bytesMax + 1 && line.at(-1) === 13) line = line.subarray(0, -1);
    return { line: line.subarray(0, this.#bytesMax), cut: line.length > this.#bytesMax };
  }
}
