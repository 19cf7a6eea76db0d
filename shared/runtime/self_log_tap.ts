import type { LogLevel, Logger } from "./log.ts";
import { createLogger } from "./log.ts";

/** Lines and characters held at most; beyond it the oldest go, and are counted. */
const defaults = { linesMax: 4_096, charactersMax: 1_024 ** 2 };
const troublesMax = 20;
const troubleCharactersMax = 500;
/** How createLogger's lines of these levels begin. */
const troubleHead = /^\{"level":"(?:warn|error)"/;

/**
 * The last lines of this process's own log, for a source that stores them. Feed it from createLogger's `write`. It never
 * blocks and never fails: until someone takes the lines, and whenever nobody does, the oldest fall off and are counted.
 */
export class SelfLogTap {
  readonly #linesMax: number;
  readonly #charactersMax: number;
  #lines: string[] = [];
  /** Lines before it have fallen off; the array is cut when they are half of it. */
  #first = 0;
  #characters = 0;
  #dropped = 0;
  #filled: (() => void) | undefined;
  #troubles: string[] = [];

  constructor({ linesMax, charactersMax } = defaults) {
    this.#linesMax = linesMax;
    this.#charactersMax = charactersMax;
  }

  /** Takes one line, with its line end or without. */
  readonly write = (line: string): void => {
    const text = line.endsWith("\n") ? line.slice(0, -1) : line;
    this.#lines.push(text);
    this.#characters += text.length;
    while (
      this.#lines.length - this.#first > this.#linesMax ||
      this.#characters > this.#charactersMax
    ) {
      this.#dropOldest();
    }
    if (troubleHead.test(text))
      this.#troubles = [...this.#troubles, text.slice(0, troubleCharactersMax)].slice(-troublesMax);
    this.#filled?.();
  };

  /** The last warnings and errors, the newest last, cut where they are long; taking lines leaves them. */
  get recentTroubles(): readonly string[] {
    return this.#troubles;
  }

  /** All lines held, oldest first, and how many have fallen off since the last call. */
  take(): { lines: string[]; dropped: number } {
    const taken = { lines: this.#lines.slice(this.#first), dropped: this.#dropped };
    this.#lines = [];
    this.#first = 0;
    this.#characters = 0;
    this.#dropped = 0;
    return taken;
  }

  /** Resolves when there is something to take, or when the signal aborts; for one waiter at a time. */
  async filled(signal: AbortSignal): Promise<void> {
    if (this.#lines.length > this.#first || this.#dropped > 0 || signal.aborted) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#filled = resolve;
    const onAbort = () => resolve();
    signal.addEventListener("abort", onAbort, { once: true });
    await promise;
    signal.removeEventListener("abort", onAbort);
    this.#filled = undefined;
  }

  #dropOldest(): void {
    this.#characters -= this.#lines[this.#first]?.length ?? 0;
    this.#first += 1;
    this.#dropped += 1;
    if (this.#first * 2 < this.#lines.length) return;
    this.#lines = this.#lines.slice(this.#first);
    this.#first = 0;
  }
}

export type TappedLogger = Logger & { readonly tap: SelfLogTap };

/** The log of a process: JSON lines to `write` (standard error by default), and the same lines into a tap. */
export function openLog(
  level: LogLevel,
  write: (line: string) => void = (line) => void process.stderr.write(line),
): TappedLogger {
  const tap = new SelfLogTap();
  const log = createLogger(level, (line) => {
    write(line);
    tap.write(line);
  });
  return { ...log, tap };
}
