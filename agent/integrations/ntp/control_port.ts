import { OperatingError } from "#shared/errors.ts";
import { Answer, type Operation, question } from "./control_message.ts";

/** A datagram may get lost: the question is asked again. */
const repeatMs = 1_000;

type Handlers = { data: (bytes: Buffer) => void; refused: (error: Error) => void };

/** ntpd's port: control messages over UDP, one question at a time. Every wait ends when `signal` aborts. */
export class ControlPort {
  readonly #socket: Bun.udp.ConnectedSocket<"buffer">;
  readonly #signal: AbortSignal;
  readonly #on: Handlers;
  #sequence = Math.floor(Math.random() * 65_536);

  static async open(
    { host, port }: { readonly host: string; readonly port: number },
    signal: AbortSignal,
  ): Promise<ControlPort> {
    signal.throwIfAborted();
    const on: Handlers = { data: () => {}, refused: () => {} };
    const socket = await Bun.udpSocket({
      connect: { hostname: host, port },
      binaryType: "buffer",
      socket: {
        data: (_socket, bytes) => on.data(bytes),
        // The kernel tells of a port that nobody listens on.
        error: () =>
          on.refused(new OperatingError("unavailable", `nobody listens on ${host}:${port} (UDP)`)),
      },
    });
    return new ControlPort(socket, on, signal);
  }

  private constructor(
    socket: Bun.udp.ConnectedSocket<"buffer">,
    on: Handlers,
    signal: AbortSignal,
  ) {
    this.#socket = socket;
    this.#on = on;
    this.#signal = signal;
  }

  /**
   * Asks the server itself (association 0) or about one of its peers. Throws OperatingError: "unavailable", "timeout" after an abort, "corrupt", and
   * RefusedQuestionError.
   */
  async ask(operation: Operation, association = 0, data = ""): Promise<Buffer> {
    this.#sequence = (this.#sequence + 1) & 0xffff;
    const bytes = question(operation, this.#sequence, association, data);
    const answer = new Answer(operation, this.#sequence);
    const whole = Promise.withResolvers<Buffer>();
    const abort = () => whole.reject(new OperatingError("timeout", "no answer in time"));
    this.#on.refused = whole.reject;
    this.#on.data = (datagram) => {
      try {
        const told = answer.take(datagram);
        if (told !== undefined) whole.resolve(told);
      } catch (thrown) {
        whole.reject(thrown);
      }
    };
    this.#signal.addEventListener("abort", abort, { once: true });
    const repeat = setInterval(() => this.#socket.send(bytes), repeatMs);
    try {
      if (this.#signal.aborted) abort();
      else this.#socket.send(bytes);
      return await whole.promise;
    } finally {
      clearInterval(repeat);
      this.#signal.removeEventListener("abort", abort);
      this.#on.refused = () => {};
      this.#on.data = () => {};
    }
  }

  close(): void {
    this.#socket.close();
  }
}
