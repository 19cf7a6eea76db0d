import { z } from "zod";
import { OperatingError } from "#shared/errors.ts";
import type { Deadline } from "../net/deadline.ts";

const Message = z.looseObject({
  id: z.number().optional(),
  method: z.string().optional(),
  params: z.unknown().optional(),
  result: z.unknown().optional(),
  error: z.looseObject({ message: z.string() }).optional(),
});
const Attached = z.looseObject({ sessionId: z.string() });
const Created = z.looseObject({ targetId: z.string() });
const Evaluated = z.looseObject({
  result: z.looseObject({ value: z.unknown().optional() }),
  exceptionDetails: z.looseObject({ text: z.string() }).optional(),
});

type Waiting = { resolve(result: unknown): void; reject(error: Error): void };

/** One page of a browser over the Chrome DevTools Protocol (https://chromedevtools.github.io/devtools-protocol/). */
export class DevTools {
  readonly #socket: WebSocket;
  readonly #deadline: Deadline;
  readonly #waiting = new Map<number, Waiting>();
  readonly #listeners = new Map<string, (params: unknown) => void>();
  #session: string | undefined;
  #lastId = 0;

  /** Connects and opens an empty page. Throws OperatingError. */
  static async open(url: string, deadline: Deadline): Promise<DevTools> {
    const socket = new WebSocket(url);
    const opened = new Promise<void>((resolve, reject) => {
      socket.addEventListener("open", () => resolve());
      socket.addEventListener("error", () =>
        reject(new OperatingError("unavailable", "the browser does not answer")),
      );
    });
    await deadline.race(opened);
    const tools = new DevTools(socket, deadline);
    const { targetId } = Created.parse(
      await tools.send("Target.createTarget", { url: "about:blank" }),
    );
    const attached = await tools.send("Target.attachToTarget", { targetId, flatten: true });
    tools.#session = Attached.parse(attached).sessionId;
    return tools;
  }

  private constructor(socket: WebSocket, deadline: Deadline) {
    this.#socket = socket;
    this.#deadline = deadline;
    socket.addEventListener("message", ({ data }) => this.#take(String(data)));
    socket.addEventListener("close", () => {
      for (const waiting of this.#waiting.values())
        waiting.reject(new OperatingError("unavailable", "the browser ended"));
      this.#waiting.clear();
    });
  }

  /** Calls a method, and gives its result. Throws OperatingError. */
  send(method: string, params: Readonly<Record<string, unknown>> = {}): Promise<unknown> {
    const id = ++this.#lastId;
    const answer = new Promise<unknown>((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
    });
    const session = this.#session === undefined ? {} : { sessionId: this.#session };
    this.#socket.send(JSON.stringify({ id, method, params, ...session }));
    return this.#deadline.race(answer);
  }

  /** One listener for each event. */
  on(event: string, listener: (params: unknown) => void): void {
    this.#listeners.set(event, listener);
  }

  /** The value of a script's expression in the page. Throws OperatingError. */
  async evaluate(expression: string): Promise<unknown> {
    const answer = await this.send("Runtime.evaluate", { expression, returnByValue: true });
    const { result, exceptionDetails: thrown } = Evaluated.parse(answer);
    if (thrown !== undefined) throw new OperatingError("bad_request", thrown.text);
    return result.value;
  }

  close(): void {
    this.#socket.close();
  }

  #take(text: string): void {
    const { id, method, params, result, error } = Message.parse(JSON.parse(text));
    if (method !== undefined) this.#listeners.get(method)?.(params);
    if (id === undefined) return;
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    if (error === undefined) waiting?.resolve(result);
    else waiting?.reject(new OperatingError("unavailable", error.message));
  }
}
