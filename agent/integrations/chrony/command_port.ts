import { OperatingError } from "#shared/errors.ts";
import { type Command, Reply, request } from "./reply.ts";

/** A datagram may get lost: the question is asked again. */
const repeatMs = 1_000;

type Handlers = { data: (bytes: Uint8Array) => void; refused: (error: Error) => void };

/** chronyd's command port: questions over UDP, one at a time. Every wait ends when `signal` aborts. */
export class CommandPort {
  readonly #socket: Bun.udp.ConnectedSocket<"uint8array">;
  readonly #signal: AbortSignal;
  #sequence = Math.floor(Math.random() * 2 ** 32);
  readonly #on: Handlers;

  static async open(
    { host, port }: { readonly host: string; readonly port: number },
    signal: AbortSignal,
  ): Promise<CommandPort> {
    signal.throwIfAborted();
    const on: Handlers = { data: () => {}, refused: () => {} };
    const socket = await Bun.udpSocket({
      connect: { hostname: host, port },
      binaryType: "uint8array",
      socket: {
        data: (_socket, bytes) => on.data(bytes),
        // The kernel tells of a port that nobody listens on.
        error: () =>
          on.refused(new OperatingError("unavailable", `nobody listens on ${host}:${port} (UDP)`)),
      },
    });
    return new CommandPort(socket, on, signal);
  }

  private constructor(
    socket: Bun.udp.ConnectedSocket<"uint8array">,
    on: Handlers,
    signal: AbortSignal,
  ) {
    this.#socket = socket;
    this.#on = on;
    this.#signal = signal;
  }

  /** Throws OperatingError: "unavailable", "timeout" after an abort, "bad_request" or "not_found" where chronyd refuses, "corrupt". */
  async ask(command: Command, body: Uint8Array = new Uint8Array()): Promise<Reply> {
    this.#sequence = (this.#sequence + 1) >>> 0;
    const sequence = this.#sequence;
    const question = request(command, sequence, body);
    const answer = Promise.withResolvers<Reply>();
    const abort = () => answer.reject(new OperatingError("timeout", "no answer in time"));
    this.#on.refused = answer.reject;
    this.#on.data = (bytes) => {
      try {
        const reply = Reply.read(Uint8Array.from(bytes), command, sequence);
        if (reply !== undefined) answer.resolve(reply);
      } catch (thrown) {
        answer.reject(thrown);
      }
    };
    this.#signal.addEventListener("abort", abort, { once: true });
    const repeat = setInterval(() => this.#socket.send(question), repeatMs);
    try {
      if (this.#signal.aborted) abort();
      else this.#socket.send(question);
      return await answer.promise;
    } finally {
      clearInterval(repeat);
      this.#signal.removeEventListener("abort", abort);
      this.#on.refused = () => {};
      this.#on.data = () => {};
    }
  }

  /** Asks for the entry of a list, by its place in it. */
  askAt(command: Command, place: number): Promise<Reply> {
    const body = new Uint8Array(4);
    new DataView(body.buffer).setUint32(0, place);
    return this.ask(command, body);
  }

  close(): void {
    this.#socket.close();
  }
}
