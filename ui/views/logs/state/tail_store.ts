import { z } from "zod";
import { LogRecord, rowOf } from "../../../client/log_records.ts";
import { compareNs, type LogRow } from "../../../client/logs.ts";
import type { Order, Page, RowSource } from "./line_store.ts";

/** Lines kept while following; the oldest go first. */
export const tailLinesMax = 5_000;
/** Lines of before that a tail begins with. */
const historyLines = 200;
/** Lines that came in since the last drawing are drawn together. */
const drawEveryMs = 100;
const rateOverMs = 5_000;
/** Lines that wait while nobody looks (paused): beyond them the oldest go, and are counted. */
const waitingMax = tailLinesMax;

/** What a tail reads from; tests give their own. */
export type TailSource = {
  readonly addEventListener: (type: string, listener: (event: Event) => void) => void;
  readonly close: () => void;
  readonly readyState: number;
};

const Warnings = z.looseObject({ warnings: z.array(z.string()) });
const closed = 2;
/** No page is ever asked for. */
const noTies = { first: [], last: [] };

/** Lines as they arrive, by server-sent events, in a buffer that never grows beyond its bound. */
export class TailStore implements RowSource {
  pages: Page[] = [];
  readonly hasBefore = false;
  readonly hasAfter = false;
  failure: unknown;
  /** Lines that the aggregator did not send because this page was too slow, and those let go here while it paused. */
  missed = 0;
  /** Damaged blocks that the lines of before lack. */
  warnings: readonly string[] = [];
  isPaused = false;
  isOpen = false;
  #waiting: LogRow[] = [];
  #arrivals: { readonly atMs: number; readonly lines: number }[] = [];
  #count = 0;
  #ids = 0;
  #version = 0;
  #newestNs = "0";
  #isAgain = false;
  readonly #order: Order;
  readonly #source: TailSource;
  readonly #timer: ReturnType<typeof setInterval>;
  readonly #listeners = new Set<() => void>();

  constructor(
    query: string,
    order: Order,
    open: (url: string) => TailSource = (url) => new EventSource(url),
  ) {
    this.#order = order;
    const params = new URLSearchParams({ query, history: String(historyLines) });
    this.#source = open(`/api/v1/monitoring/logs/stream?${params.toString()}`);
    this.#source.addEventListener("open", () => {
      this.isOpen = true;
      this.failure = undefined;
      this.#changed();
    });
    this.#source.addEventListener("message", (event) => this.#take(event));
    this.#source.addEventListener("dropped", (event) => {
      const { count } = dataOf(event);
      this.missed += typeof count === "number" ? count : 0;
    });
    this.#source.addEventListener("partial", (event) => {
      const parsed = Warnings.safeParse(dataOf(event));
      this.warnings = parsed.success ? parsed.data.warnings : [];
      this.#changed();
    });
    this.#source.addEventListener("failed", (event) => {
      const { error } = dataOf(event);
      this.#source.close();
      this.#fail(typeof error === "string" ? error : "the aggregator ended the tail");
    });
    // The browser opens it again by itself, unless it was refused.
    this.#source.addEventListener("error", () => {
      this.#isAgain = true;
      const isRefused = this.#source.readyState === closed;
      this.#fail(
        isRefused
          ? "the aggregator refused the query or does not answer"
          : "the connection was lost; it is opened again",
      );
    });
    this.#timer = setInterval(() => this.draw(Date.now()), drawEveryMs);
  }

  subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };
  version = (): number => this.#version;
  loadAfter = (): Promise<void> => Promise.resolve();
  loadBefore = (): Promise<void> => Promise.resolve();
  restore = (): Promise<void> => Promise.resolve();
  keepAround = (): void => undefined;

  get count(): number {
    return this.#count;
  }
  get waiting(): number {
    return this.#waiting.length;
  }

  /** Lines a second, lately. */
  rate(nowMs: number): number {
    const lately = this.#arrivals.filter(({ atMs }) => nowMs - atMs <= rateOverMs);
    return lately.reduce((sum, { lines }) => sum + lines, 0) / (rateOverMs / 1_000);
  }

  pause(isPaused: boolean): void {
    this.isPaused = isPaused;
    this.#changed();
  }

  close(): void {
    clearInterval(this.#timer);
    this.#source.close();
    this.#listeners.clear();
  }

  #take(event: Event): void {
    const checked = LogRecord.safeParse(dataOf(event));
    if (!checked.success) return;
    const row = rowOf(checked.data);
    // A connection that was opened again begins with lines of before, too.
    if (this.#isAgain && compareNs(row.ns, this.#newestNs) <= 0) return;
    this.#isAgain = false;
    if (compareNs(row.ns, this.#newestNs) > 0) this.#newestNs = row.ns;
    this.#waiting.push(row);
    if (this.#waiting.length > waitingMax * 1.2) {
      const excess = this.#waiting.length - waitingMax;
      this.#waiting = this.#waiting.slice(excess);
      this.missed += excess;
    }
  }

  /** Shows what has come in since the last time. */
  draw(nowMs: number): void {
    const isStale =
      this.#arrivals.length > 0 && nowMs - (this.#arrivals[0]?.atMs ?? nowMs) > rateOverMs;
    if (isStale) this.#arrivals = this.#arrivals.filter(({ atMs }) => nowMs - atMs <= rateOverMs);
    if (this.isPaused || this.#waiting.length === 0) {
      if (isStale || this.isPaused) this.#changed();
      return;
    }
    const rows = this.#waiting.slice(-tailLinesMax);
    this.#waiting = [];
    if (this.#count > 0) this.#arrivals.push({ atMs: nowMs, lines: rows.length });
    const ordered = this.#order === "newest" ? rows.toReversed() : rows;
    const [first, last] = [ordered[0], ordered.at(-1)];
    if (first === undefined || last === undefined) return;
    this.#ids++;
    const shown = ordered.map((row) => ({ row, repeats: 0 }));
    const page: Page = {
      id: this.#ids,
      request: undefined,
      rows: shown,
      count: shown.length,
      lines: shown.length,
      ties: noTies,
      first,
      last,
      heights: undefined,
    };
    this.pages = this.#order === "newest" ? [page, ...this.pages] : [...this.pages, page];
    this.#count += shown.length;
    this.#trim();
    this.#changed();
  }

  #trim(): void {
    while (this.#count > tailLinesMax && this.pages.length > 1) {
      const gone = this.#order === "newest" ? this.pages.at(-1) : this.pages[0];
      this.pages = this.#order === "newest" ? this.pages.slice(0, -1) : this.pages.slice(1);
      this.#count -= gone?.count ?? 0;
    }
  }

  #fail(why: string): void {
    this.isOpen = false;
    this.failure = new Error(why);
    this.#changed();
  }

  #changed(): void {
    this.#version++;
    for (const listener of this.#listeners) listener();
  }
}

function dataOf(event: Event): Readonly<Record<string, unknown>> {
  if (!(event instanceof MessageEvent) || typeof event.data !== "string") return {};
  try {
    const value: unknown = JSON.parse(event.data);
    return typeof value === "object" && value !== null ? { ...value } : {};
  } catch {
    return {};
  }
}
