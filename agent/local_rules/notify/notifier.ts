import { OperatingError, messageOf as errorText } from "#shared/errors.ts";
import type { Clock } from "#shared/runtime/clock.ts";
import type { Logger } from "#shared/runtime/log.ts";
import { messageOf } from "./message.ts";
import type { Note } from "./note.ts";

/** The receiver refuses the message: sending it again would change nothing. */
export class RefusedError extends OperatingError {
  constructor(message: string) {
    super("bad_request", message);
  }
}

/** Sends one message. Throws RefusedError, or whatever else is worth another try. */
export type Send = (body: string, signal: AbortSignal) => Promise<void>;

export type NotifierParts = {
  /** webhook or script, and its place in the list. */
  readonly name: string;
  readonly send: Send;
  readonly sendResolved: boolean;
  /** Failures in a row of one message, after which it is dropped; a receiver on the network is waited for. */
  readonly triesMax: number;
  readonly clock: Pick<Clock, "sleep">;
  readonly log: Logger;
  readonly count: (outcome: "sent" | "failed" | "dropped", alerts: number) => void;
};

const alertsInMessage = 100;
const notesMax = 5_000;
const waitMinMs = 1_000;
const waitMaxMs = 60_000;

/**
 * Tells one receiver, one message at a time. What waits is what is to be told of each alert now: a newer note takes the place of an older one, so that a receiver
 * that was away hears how things are, not how they were.
 */
export class Notifier {
  readonly name: string;
  readonly #parts: NotifierParts;
  readonly #notes = new Map<string, Note>();
  readonly #stopped = new AbortController();
  #lastError = "";
  #running: Promise<void> | undefined;

  constructor(parts: NotifierParts) {
    this.name = parts.name;
    this.#parts = parts;
  }

  /** What waits, for the state that outlives the process. */
  get notes(): readonly Note[] {
    return [...this.#notes.values()];
  }
  get lastError(): string {
    return this.#lastError;
  }

  add(notes: readonly Note[]): void {
    for (const note of notes) {
      const before = this.#notes.get(note.fingerprint);
      this.#notes.delete(note.fingerprint);
      if (note.status === "resolved" && !this.#parts.sendResolved) continue;
      // It came and went, and the receiver was told of neither.
      if (before !== undefined || this.#makeRoom()) this.#notes.set(note.fingerprint, note);
    }
    if (this.#notes.size > 0 && !this.#stopped.signal.aborted) this.#running ??= this.#run();
  }

  /** What waits stays in `notes`. */
  async stop(): Promise<void> {
    this.#stopped.abort();
    await this.#running;
  }

  #makeRoom(): boolean {
    const [oldest] = this.#notes.keys();
    if (this.#notes.size < notesMax || oldest === undefined) return true;
    this.#notes.delete(oldest);
    this.#parts.count("dropped", 1);
    return true;
  }

  /** Until nothing waits; there must be something. */
  async #run(): Promise<void> {
    const { signal } = this.#stopped;
    let failures = 0;
    while (!signal.aborted && this.#notes.size > 0) {
      const isDone = await this.#sendNext(failures + 1 >= this.#parts.triesMax);
      failures = isDone ? 0 : failures + 1;
      if (isDone) continue;
      const waitMs = Math.min(waitMinMs * 2 ** (failures - 1), waitMaxMs);
      await this.#parts.clock.sleep(waitMs * (0.5 + Math.random() / 2), signal);
    }
    this.#running = undefined;
  }

  /** False where it is to be tried again. */
  async #sendNext(isLastTry: boolean): Promise<boolean> {
    const { name, send, count, log } = this.#parts;
    const [first] = this.#notes.values();
    if (first === undefined) return true;
    const notes = this.notes.filter(({ alert }) => alert === first.alert).slice(0, alertsInMessage);
    const { signal } = this.#stopped;
    try {
      await send(JSON.stringify(messageOf(name, first.alert, notes)), signal);
      this.#lastError = "";
      count("sent", notes.length);
    } catch (thrown) {
      if (signal.aborted) return false;
      const isRefused = isLastTry || thrown instanceof RefusedError;
      this.#failed(errorText(thrown), isRefused);
      count("failed", notes.length);
      if (!isRefused) return false;
      count("dropped", notes.length);
      log.error("alerts could not be told, dropped", {
        receiver: name,
        alert: first.alert,
        error: this.#lastError,
      });
    }
    for (const note of notes)
      if (this.#notes.get(note.fingerprint) === note) this.#notes.delete(note.fingerprint);
    return true;
  }

  #failed(error: string, isRefused: boolean): void {
    const { log, name } = this.#parts;
    if (error !== this.#lastError && !isRefused)
      log.warn("alerts could not be told, will be tried again", { receiver: name, error });
    this.#lastError = error;
  }
}
