/**
 * What aggregator and SQL worker write into each other's pipe: [u32 bytes][u8 kind][payload], little-endian. The payload of a `batch` is that of
 * columns.ts; every other one is JSON.
 */
export const frameKinds = {
  /** To the worker: a statement to run. */
  job: 1,
  /** To the worker: stop the statement. */
  cancel: 2,
  /** From the worker: DuckDB is loaded and the limits are set. */
  ready: 3,
  /** From the worker: names and types of the columns. */
  columns: 4,
  /** From the worker: the next rows. */
  batch: 5,
  /** From the worker: there are no more rows, or they were cut. */
  end: 6,
  /** From the worker: the statement failed. */
  error: 7,
} as const;

export type FrameKind = (typeof frameKinds)[keyof typeof frameKinds];
export type Frame = { readonly kind: number; readonly payload: Uint8Array };

const headBytes = 5;

export function frameOf(kind: FrameKind, payload: Uint8Array): Uint8Array {
  const frame = new Uint8Array(headBytes + payload.length);
  new DataView(frame.buffer).setUint32(0, payload.length, true);
  frame[4] = kind;
  frame.set(payload, headBytes);
  return frame;
}

export function jsonFrame(kind: FrameKind, value: unknown): Uint8Array {
  return frameOf(kind, Buffer.from(JSON.stringify(value)));
}

/** Cuts a pipe's bytes into frames. */
export class FrameReader {
  readonly #payloadMax: number;
  #chunks: Uint8Array[] = [];
  #held = 0;

  constructor(payloadMax: number) {
    this.#payloadMax = payloadMax;
  }

  /** The frames that are whole now. Throws RangeError on one larger than the other side may send. */
  push(chunk: Uint8Array): Frame[] {
    this.#chunks.push(chunk);
    this.#held += chunk.length;
    const frames: Frame[] = [];
    for (;;) {
      const length = this.#nextLength();
      if (length === undefined || this.#held < headBytes + length) return frames;
      const bytes = Buffer.concat(this.#chunks);
      const end = headBytes + length;
      frames.push({ kind: bytes[4] ?? 0, payload: bytes.subarray(headBytes, end) });
      this.#chunks = [bytes.subarray(end)];
      this.#held -= end;
    }
  }

  #nextLength(): number | undefined {
    if (this.#held < headBytes) return undefined;
    if ((this.#chunks[0]?.length ?? 0) < headBytes) this.#chunks = [Buffer.concat(this.#chunks)];
    const [first] = this.#chunks;
    if (first === undefined) return undefined;
    const length = new DataView(first.buffer, first.byteOffset).getUint32(0, true);
    if (length > this.#payloadMax)
      throw new RangeError(`a frame of ${length} bytes, expected at most ${this.#payloadMax}`);
    return length;
  }
}
