import { type Socket, connect } from "node:net";
import { type ConnectionOptions, connect as connectTls } from "node:tls";
import { OperatingError, messageOf } from "#shared/errors.ts";
import type { SocketAddress } from "../host_view.ts";
import { HeldBytes } from "./held_bytes.ts";

const newline = 0x0a;
/** What one answer may hold, so that a service gone mad can't take the agent's memory. */
const answerBytesMax = 16 * 1_024 * 1_024;

/**
 * A connection to a service that is asked and answers, line by line or by length. Everything waits until `signal` aborts. Throws
 * OperatingError: "unavailable" where nobody listens or the other side hangs up, "timeout" after an abort, "corrupt" where an answer has no end.
 */
export class Conversation {
  readonly #socket: Socket;
  readonly #abort: () => void;
  readonly #signal: AbortSignal;
  #isOpen = false;
  readonly #held = new HeldBytes();
  #ended = false;
  #error: Error | undefined;
  #wake: () => void = () => {};

  /** With `tls`, what is said is encrypted, and the other side's certificate checked. */
  static async open(
    address: SocketAddress,
    signal: AbortSignal,
    tls?: ConnectionOptions,
  ): Promise<Conversation> {
    signal.throwIfAborted();
    const at = "path" in address ? { path: address.path } : { ...address, noDelay: true };
    const socket = tls === undefined ? connect(at) : connectTls({ ...tls, ...at });
    const opened = tls === undefined ? "connect" : "secureConnect";
    const conversation = new Conversation(socket, signal, opened);
    try {
      await conversation.#until(() => conversation.#isOpen);
    } catch (thrown) {
      conversation.close();
      throw thrown;
    }
    return conversation;
  }

  private constructor(socket: Socket, signal: AbortSignal, opened: string) {
    this.#socket = socket;
    this.#signal = signal;
    this.#abort = () => {
      this.#error ??= new OperatingError("timeout", "no answer in time");
      socket.destroy();
      this.#wake();
    };
    signal.addEventListener("abort", this.#abort, { once: true });
    socket.on(opened, () => {
      this.#isOpen = true;
      this.#wake();
    });
    socket.on("data", (bytes: Buffer) => {
      this.#held.append(bytes);
      if (this.#held.length > answerBytesMax) {
        this.#error ??= new OperatingError("corrupt", "an answer of more than 16 MiB");
        socket.destroy();
      }
      this.#wake();
    });
    socket.on("error", (thrown) => {
      this.#error ??= new OperatingError("unavailable", messageOf(thrown));
      this.#wake();
    });
    socket.on("close", () => {
      this.#ended = true;
      this.#wake();
    });
  }

  send(data: string | Uint8Array): void {
    this.#socket.write(data);
  }

  /** The next line without its end (LF or CRLF). */
  async line(): Promise<string> {
    let searched = 0;
    let at = -1;
    await this.#until(() => {
      at = this.#held.view().indexOf(newline, searched);
      searched = this.#held.length;
      return at >= 0;
    });
    const held = this.#held.view();
    const line = held.toString("utf8", 0, at > 0 && held[at - 1] === 0x0d ? at - 1 : at);
    this.#held.drop(at + 1);
    return line;
  }

  /** The next `count` bytes; the caller's to keep. */
  async bytes(count: number): Promise<Buffer> {
    await this.#until(() => this.#held.length >= count);
    return this.#take(count);
  }

  /** All up to `marker`, which is taken, too, and not given. */
  async until(marker: Uint8Array): Promise<Buffer> {
    let searched = 0;
    let at = -1;
    await this.#until(() => {
      at = this.#held.view().indexOf(marker, searched);
      // The marker may have come in part.
      searched = Math.max(0, this.#held.length - marker.length + 1);
      return at >= 0;
    });
    const bytes = this.#take(at);
    this.#held.drop(marker.length);
    return bytes;
  }

  /** All until the other side hangs up. */
  async rest(): Promise<Buffer> {
    while (!this.#ended) {
      await this.#next();
      if (this.#error !== undefined) throw this.#error;
    }
    return this.#take(this.#held.length);
  }

  #take(count: number): Buffer {
    const bytes = Buffer.from(this.#held.view().subarray(0, count));
    this.#held.drop(count);
    return bytes;
  }

  close(): void {
    this.#signal.removeEventListener("abort", this.#abort);
    this.#socket.destroy();
  }

  /** Waits until there is what is looked for; what came before an end still counts. */
  async #until(isThere: () => boolean): Promise<void> {
    while (!isThere()) {
      if (this.#error !== undefined) throw this.#error;
      if (this.#ended) throw new OperatingError("unavailable", "the connection was closed");
      await this.#next();
    }
  }

  #next(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }
}
