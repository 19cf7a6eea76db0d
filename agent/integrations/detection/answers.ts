import { type Socket, connect } from "node:net";
import type { Clock } from "#shared/runtime/clock.ts";
import type { SocketAddress } from "../host_view.ts";

const waitMs = 1_000;
const answerBytesMax = 4 * 1_024;
const bodyBytesMax = 64 * 1_024;
/** An answer is over when nothing came for so long. */
const quietMs = 30;
/** A service that is asked once a minute who it is has that in its logs, and some hold aborted logins against us. */
const keptMs = 3_600_000;
const keptMax = 200;
const keptLengthMax = 16 * 1_024;

export type HttpAnswer = { readonly status: number; readonly body: string };

type Kept = {
  readonly listener: string;
  readonly untilMs: number;
  readonly answer: HttpAnswer | string;
};

/** Asks services who they are, and remembers what they said as long as the same socket listens. */
export class Answers {
  readonly #clock: Clock;
  /** By address and question. */
  readonly #kept = new Map<string, Kept>();
  /** Text that changes when other sockets listen at a port or path. */
  #listenerAt: (place: number | string) => string | undefined = () => undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** `listenerAt` tells of a port or a path which sockets listen there now. */
  begin(listenerAt: (place: number | string) => string | undefined): void {
    this.#listenerAt = listenerAt;
    const nowMs = this.#clock.monotonic();
    for (const [key, { untilMs }] of this.#kept) if (untilMs <= nowMs) this.#kept.delete(key);
  }

  async get(
    url: string,
    options?: { readonly unixSocket?: string },
  ): Promise<HttpAnswer | undefined> {
    const unix = options?.unixSocket;
    const { port, protocol } = new URL(url);
    const place = unix ?? Number(port === "" ? (protocol === "https:" ? 443 : 80) : port);
    const key = `${unix ?? ""} ${url}`;
    const kept = this.#recall(key, place);
    if (typeof kept === "object") return kept;
    const answer = await getOnce(url, unix);
    if (answer !== undefined && answer.status < 300 && answer.body.length <= keptLengthMax)
      this.#keep(key, place, answer);
    return answer;
  }

  async ask(address: SocketAddress, bytes: string): Promise<string | undefined> {
    const place = "path" in address ? address.path : address.port;
    const key = `${JSON.stringify(address)} ${bytes}`;
    const kept = this.#recall(key, place);
    if (typeof kept === "string") return kept;
    const answer = await askOnce(address, bytes);
    if (answer !== undefined) this.#keep(key, place, answer);
    return answer;
  }

  #recall(key: string, place: number | string): HttpAnswer | string | undefined {
    const kept = this.#kept.get(key);
    if (kept === undefined || kept.untilMs <= this.#clock.monotonic()) return undefined;
    return kept.listener === this.#listenerAt(place) ? kept.answer : undefined;
  }

  #keep(key: string, place: number | string, answer: HttpAnswer | string): void {
    const listener = this.#listenerAt(place);
    if (listener === undefined || this.#kept.size >= keptMax) return;
    this.#kept.set(key, { listener, untilMs: this.#clock.monotonic() + keptMs, answer });
  }
}

async function getOnce(url: string, unix: string | undefined): Promise<HttpAnswer | undefined> {
  try {
    const response = await fetch(url, {
      redirect: "manual",
      signal: AbortSignal.timeout(waitMs),
      headers: { connection: "close" },
      tls: { rejectUnauthorized: false },
      // What the environment names is for the way out.
      proxy: "",
      ...(unix === undefined ? {} : { unix }),
    });
    return { status: response.status, body: await beginningOf(response) };
  } catch {
    // Nobody there, not HTTP, or too slow: all the same to detection.
    return undefined;
  }
}

async function beginningOf(response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body ?? []) {
    chunks.push(chunk);
    size += chunk.length;
    if (size >= bodyBytesMax) break;
  }
  return Buffer.concat(chunks).toString("utf8", 0, bodyBytesMax);
}

async function askOnce(address: SocketAddress, bytes: string): Promise<string | undefined> {
  const socket: Socket = connect("path" in address ? { path: address.path } : { ...address });
  const { promise, resolve } = Promise.withResolvers<void>();
  let held = Buffer.alloc(0);
  let quiet: Timer | undefined;
  const late = setTimeout(resolve, waitMs);
  socket.on("connect", () => void (bytes !== "" && socket.write(Buffer.from(bytes, "latin1"))));
  socket.on("data", (chunk: Buffer) => {
    held = Buffer.concat([held, chunk]);
    clearTimeout(quiet);
    if (held.length >= answerBytesMax) resolve();
    else quiet = setTimeout(resolve, quietMs);
  });
  socket.on("error", () => resolve());
  socket.on("close", () => resolve());
  try {
    await promise;
  } finally {
    clearTimeout(late);
    clearTimeout(quiet);
    socket.destroy();
  }
  return held.length === 0 ? undefined : held.toString("latin1", 0, answerBytesMax);
}
