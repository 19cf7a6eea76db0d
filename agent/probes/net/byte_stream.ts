import type { Duplex } from "node:stream";
import { OperatingError, messageOf } from "#shared/errors.ts";
import type { Deadline } from "./deadline.ts";

/** Bytes that are held for a reader that is slower than the sender; then the sender waits. */
const heldBytesMax = 1024 * 1024;
const newline = 0x0a;

/** A connection as bytes to read: in pieces, lines or counts, never more in memory than its bound, never longer than the deadline. */
export class ByteStream {
  readonly #stream: Duplex;
  #chunks: Buffer[] = [];
  #held = 0;
  #error: OperatingError | undefined;
  #hasEnded = false;
  #wake: (() => void) | undefined;
  readonly #forget: () => void;
  /** When the first byte came, on performance.now()'s clock; 0 before. */
  firstByteMs = 0;

  readonly #onData = (chunk: Buffer): void => {
    if (this.firstByteMs === 0) this.firstByteMs = performance.now();
    this.#chunks.push(chunk);
    this.#held += chunk.length;
    if (this.#held > heldBytesMax) this.#stream.pause();
    this.#wake?.();
  };
  readonly #onError = (thrown: unknown): void => {
    this.#error ??= new OperatingError("unavailable", messageOf(thrown), { cause: thrown });
    this.#wake?.();
  };
  readonly #onEnd = (): void => {
    this.#hasEnded = true;
    this.#wake?.();
  };

  constructor(stream: Duplex, deadline: Deadline) {
    this.#stream = stream;
    stream.on("data", this.#onData);
    stream.on("error", this.#onError);
    stream.on("end", this.#onEnd);
    stream.on("close", this.#onEnd);
    this.#forget = deadline.onEnd(() => {
      this.#error = deadline.error;
      this.#wake?.();
    });
  }

  write(data: string | Uint8Array): void {
    this.#stream.write(data);
  }

  /** The next bytes, whatever came; undefined at the end. Throws OperatingError. */
  async read(): Promise<Buffer | undefined> {
    for (;;) {
      const chunk = this.#chunks.shift();
      if (chunk !== undefined) {
        this.#held -= chunk.length;
        if (this.#held <= heldBytesMax / 2) this.#stream.resume();
        return chunk;
      }
      if (this.#error !== undefined) throw this.#error;
      if (this.#hasEnded) return undefined;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  /** Puts bytes back in front. */
  unread(bytes: Buffer): void {
    if (bytes.length === 0) return;
    this.#chunks.unshift(bytes);
    this.#held += bytes.length;
  }

  /** A line without its end (LF or CRLF), or what stands before the end of the stream; undefined at the end. Throws beyond `lengthMax`. */
  async line(lengthMax: number): Promise<Buffer | undefined> {
    const parts: Buffer[] = [];
    let length = 0;
    for (;;) {
      const chunk = await this.read();
      if (chunk === undefined) return parts.length === 0 ? undefined : Buffer.concat(parts, length);
      const at = chunk.indexOf(newline);
      if (length + (at < 0 ? chunk.length : at) > lengthMax)
        throw new OperatingError("corrupt", `a line of more than ${lengthMax} bytes`);
      if (at < 0) {
        parts.push(chunk);
        length += chunk.length;
        continue;
      }
      this.unread(chunk.subarray(at + 1));
      const line = Buffer.concat([...parts, chunk.subarray(0, at)]);
      return line.at(-1) === 0x0d ? line.subarray(0, -1) : line;
    }
  }

  /** That many bytes. Throws where the stream ends before. */
  async bytes(count: number): Promise<Buffer> {
    const bytes = Buffer.alloc(count);
    let at = 0;
    while (at < count) {
      const chunk = await this.read();
      if (chunk === undefined)
        throw new OperatingError("unavailable", `the connection ended ${count - at} bytes early`);
      const taken = Math.min(chunk.length, count - at);
      chunk.copy(bytes, at, 0, taken);
      at += taken;
      this.unread(chunk.subarray(taken));
    }
    return bytes;
  }

  /** Lets go of the stream without closing it, for another reader. */
  release(): void {
    this.#forget();
    this.#stream.removeListener("data", this.#onData);
    this.#stream.removeListener("error", this.#onError);
    this.#stream.removeListener("end", this.#onEnd);
    this.#stream.removeListener("close", this.#onEnd);
    this.#stream.pause();
  }

  /** Closes the connection once all that was written is on its way. */
  end(): void {
    this.#forget();
    this.#chunks = [];
    this.#stream.end(() => this.#stream.destroy());
  }

  close(): void {
    this.#forget();
    this.#chunks = [];
    this.#stream.destroy();
  }
}
