import type { Msg, NatsConnection } from "nats";
import { createInbox, nanos } from "nats";
import { Wakeup } from "#shared/async/wakeup.ts";
import { OperatingError, messageOf } from "#shared/errors.ts";
import type { Clock } from "#shared/runtime/clock.ts";

/** One message of a stream, and where it lies. */
export type Pulled = {
  readonly subject: string;
  readonly data: Uint8Array;
  /** In the stream. */
  readonly streamSequence: number;
  /** Of this consumer; counts without a gap. */
  readonly deliverySequence: number;
};

const batchMax = 256;
/** What may lie in memory before it is handed on. */
const batchBytesMax = 8 * 1024 * 1024;
const expiresMs = 2_000;
/** The server ends a request by itself; only a lost consumer or connection keeps silent for so much longer. */
const silenceMaxMs = expiresMs + 3_000;

/**
 * Pulls from a consumer request by request: the next is only made when all messages of the last were taken, which is the
 * back-pressure. (The client's own pull iterators keep a status listener for each request until the connection ends.)
 */
export class NatsPull {
  readonly #nats: NatsConnection;
  readonly #clock: Clock;
  readonly #subject: string;
  readonly #inbox: string;
  readonly #wakeup = new Wakeup();
  #queue: Msg[] = [];
  #open = 0;
  #heardMs = 0;
  #failure: string | undefined;
  readonly #stop: () => void;

  constructor(nats: NatsConnection, stream: string, consumer: string, clock: Clock) {
    this.#nats = nats;
    this.#clock = clock;
    this.#subject = `$JS.API.CONSUMER.MSG.NEXT.${stream}.${consumer}`;
    this.#inbox = createInbox();
    const subscription = nats.subscribe(this.#inbox, {
      callback: (error, message) => {
        if (error !== null) this.#failure = messageOf(error);
        else this.#receive(message);
        this.#wakeup.wake();
      },
    });
    this.#stop = () => subscription.unsubscribe();
  }

  /**
   * The messages of one request as they come, some at a time; none when none came for two seconds. Throws
   * OperatingError("unavailable").
   */
  async *batch(signal: AbortSignal): AsyncGenerator<readonly Pulled[]> {
    const wake = (): void => this.#wakeup.wake();
    signal.addEventListener("abort", wake, { once: true });
    this.#request();
    const ended = new AbortController();
    const watch = this.#watchSilence(ended.signal);
    try {
      while (!signal.aborted) {
        if (this.#queue.length > 0) {
          const messages = this.#queue;
          this.#queue = [];
          yield messages.map(openMessage);
          continue;
        }
        if (this.#failure !== undefined) throw new OperatingError("unavailable", this.#failure);
        if (this.#open === 0) return;
        await this.#wakeup.wait();
      }
    } finally {
      ended.abort();
      await watch;
      signal.removeEventListener("abort", wake);
    }
  }

  close(): void {
    if (!this.#nats.isClosed()) this.#stop();
  }

  #request(): void {
    this.#open = batchMax;
    this.#heardMs = this.#clock.monotonic();
    const request = { batch: batchMax, max_bytes: batchBytesMax, expires: nanos(expiresMs) };
    this.#nats.publish(this.#subject, JSON.stringify(request), { reply: this.#inbox });
  }

  /** One timer a request, not one a wait: at full load waits are as many as messages. */
  async #watchSilence(ended: AbortSignal): Promise<void> {
    while (!ended.aborted && this.#open > 0) {
      const leftMs = this.#heardMs + silenceMaxMs - this.#clock.monotonic();
      if (leftMs <= 0) {
        this.#failure = "the consumer does not answer";
        this.#wakeup.wake();
        return;
      }
      await this.#clock.sleep(leftMs, ended);
    }
  }

  #receive(message: Msg): void {
    this.#heardMs = this.#clock.monotonic();
    // A message of the stream keeps its own subject; what comes to the inbox itself is a word of the server.
    if (message.subject !== this.#inbox) {
      this.#queue.push(message);
      this.#open -= 1;
      return;
    }
    const { code = 0, description = "" } = message.headers ?? {};
    if (code === 100) return;
    this.#open = 0;
    // No messages, time over, or no more bytes in this request: ask again. Else the consumer is of no use any more.
    const isEnd = code === 404 || code === 408 || /maxbytes/i.test(description);
    if (!isEnd) this.#failure = `${code} ${description}`;
  }
}

/** "$JS.ACK.<stream>.<consumer>.<delivered>.<stream sequence>.<consumer sequence>...", two tokens longer with a domain. */
function openMessage(message: Msg): Pulled {
  const tokens = (message.reply ?? "").split(".");
  const at = tokens.length > 9 ? 7 : 5;
  const streamSequence = Number(tokens[at]);
  const deliverySequence = Number(tokens[at + 1]);
  if (tokens[1] !== "ACK" || !Number.isSafeInteger(streamSequence + deliverySequence))
    throw new OperatingError("unavailable", "message without its place in the stream");
  const { subject, data } = message;
  return { subject, data, streamSequence, deliverySequence };
}
