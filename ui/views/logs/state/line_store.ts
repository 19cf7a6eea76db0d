import { labelsKey } from "#shared/model/labels.ts";
import {
  type LogPage,
  type LogRow,
  type LogStats,
  type RowsRequest,
} from "../../../client/logs.ts";
import { deduplicated, type Dedup, type ShownRow } from "./dedup.ts";

export type Order = "newest" | "oldest";

type Fetch = (request: Omit<RowsRequest, "query">) => Promise<LogPage>;

export type LineStoreSetup = {
  readonly fetch: Fetch;
  readonly startNs: bigint;
  readonly endNs: bigint;
  readonly order: Order;
  readonly dedup: Dedup;
  /** Where to begin instead of at an end of the range. */
  readonly anchorNs?: bigint | undefined;
  readonly pageLines?: number;
  /** Lines held at once, beside those in view. */
  readonly heldMax?: number;
};

type PageRequest = {
  readonly startNs: bigint;
  readonly endNs: bigint;
  readonly limit: number;
  readonly direction: "forward" | "backward";
  /** Lines at the edge that the neighbouring page has already. */
  readonly known: readonly string[];
};

/** Lines that were asked for at once. Its place stays when its lines are dropped, and brings them back. */
export type Page = {
  readonly id: number;
  /** Undefined where its lines are never dropped. */
  readonly request: PageRequest | undefined;
  rows: readonly ShownRow[] | undefined;
  count: number;
  /** Of those, with the repeats that are not shown. */
  lines: number;
  /** Lines of its first and last nanosecond: the neighbouring page is asked for from there, and must not have them again. */
  readonly ties: { readonly first: readonly string[]; readonly last: readonly string[] };
  readonly first: LogRow;
  readonly last: LogRow;
  /** Of rows that were measured, 0 for others; only where rows differ in height. */
  heights: Float32Array | undefined;
};

/** What the list draws: pages that grow by themselves or when asked to. */
export type RowSource = {
  readonly pages: readonly Page[];
  readonly hasBefore: boolean;
  readonly hasAfter: boolean;
  readonly failure: unknown;
  readonly loadAfter: () => Promise<void>;
  readonly loadBefore: () => Promise<void>;
  readonly restore: (page: Page) => Promise<void>;
  readonly keepAround: (first: number, last: number) => void;
};

const heldDefault = 12_000;
/** The first page is to be there at once; who scrolls past it wants many, and a request costs more than the lines in it. */
const firstPageLines = 500;
const doublings = 2;
/** As many as the aggregator gives at once. */
const entriesMax = 5_000;
/** Beyond these lines no browser scrolls: an element ends at 33 million pixels. */
export const linesMax = 1_400_000;

/**
 * The lines of a query, page by page in the order shown, growing at both ends. Of pages far from what is seen only their place is
 * kept, so that memory stays bounded however far one scrolls; coming back asks for them again.
 */
export class LineStore implements RowSource {
  readonly pages: Page[] = [];
  hasBefore: boolean;
  hasAfter = true;
  /** Of the last request that failed. */
  failure: unknown;
  stats: LogStats = { seconds: 0, lines: 0, bytes: 0 };
  /** Why the lines are incomplete, each once. */
  readonly warnings = new Set<string>();
  isFirst = true;
  requests = 0;
  #version = 0;
  #ids = 0;
  #endNs: bigint;
  readonly #setup: LineStoreSetup;
  readonly #listeners = new Set<() => void>();
  readonly #loading = new Set<string>();
  readonly #abort = new AbortController();

  constructor(setup: LineStoreSetup) {
    this.#setup = setup;
    this.#endNs = setup.endNs;
    this.hasBefore = setup.anchorNs !== undefined;
  }

  subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };
  version = (): number => this.#version;

  get count(): number {
    return this.pages.reduce((sum, { count }) => sum + count, 0);
  }

  /** With repeats that are not shown. */
  get lines(): number {
    return this.pages.reduce((sum, { lines }) => sum + lines, 0);
  }

  /** Whether all lines of the range have been seen. */
  get isComplete(): boolean {
    return !this.hasBefore && !this.hasAfter;
  }

  close(): void {
    this.#abort.abort();
    this.#listeners.clear();
  }

  /** The range ends later now: newer lines are worth asking for. */
  extend(endNs: bigint): void {
    if (endNs <= this.#endNs) return;
    this.#endNs = endNs;
    if (this.#setup.order === "newest") this.hasBefore = true;
    else this.hasAfter = true;
  }

  async loadAfter(): Promise<void> {
    if (!this.hasAfter || this.count >= linesMax) return;
    await this.#once("after", async () => {
      const { order, anchorNs } = this.#setup;
      const edge = this.pages.at(-1);
      const edgeNs = edge === undefined ? anchorNs : BigInt(edge.last.ns);
      const direction = order === "newest" ? "backward" : "forward";
      const { page, isLast } = await this.#load(direction, edgeNs, this.#tiesAfter());
      if (page !== undefined) this.pages.push(page);
      this.hasAfter = !isLast;
    });
  }

  async loadBefore(): Promise<void> {
    const [edge] = this.pages;
    if (!this.hasBefore || (edge === undefined && this.hasAfter)) return;
    await this.#once("before", async () => {
      const direction = this.#setup.order === "newest" ? "forward" : "backward";
      const edgeNs = edge === undefined ? this.#setup.anchorNs : BigInt(edge.first.ns);
      const { page, isLast } = await this.#load(direction, edgeNs, this.#tiesBefore());
      if (page !== undefined) this.pages.unshift(page);
      this.hasBefore = !isLast;
    });
  }

  /** Brings back the lines of a page that were dropped. */
  async restore(page: Page): Promise<void> {
    const { request } = page;
    if (page.rows !== undefined || request === undefined) return;
    await this.#once(`page ${page.id}`, async () => {
      const { rows } = await this.#fetch(request);
      page.rows = deduplicated(rows, this.#setup.dedup);
      if (page.count !== page.rows.length) page.heights = undefined;
      page.count = page.rows.length;
      page.lines = rows.length;
    });
  }

  /** Drops lines of pages that are far from those seen. */
  keepAround(first: number, last: number): void {
    const { heldMax = heldDefault } = this.#setup;
    const held = this.pages.flatMap(({ rows }, i) => (rows === undefined ? [] : [i]));
    let lines = held.reduce((sum, i) => sum + (this.pages[i]?.count ?? 0), 0);
    if (lines <= heldMax) return;
    const distance = (i: number) => Math.max(first - i, i - last, 0);
    for (const i of held.toSorted((a, b) => distance(b) - distance(a))) {
      const page = this.pages[i];
      if (page === undefined || lines <= heldMax || distance(i) === 0) return;
      page.rows = undefined;
      lines -= page.count;
    }
  }

  /** One request of a kind at a time; its failure is told, and the next try is free. */
  async #once(name: string, run: () => Promise<void>): Promise<void> {
    if (this.#loading.has(name)) return;
    this.#loading.add(name);
    try {
      await run();
      this.failure = undefined;
    } catch (thrown) {
      if (this.#abort.signal.aborted) return;
      this.failure = thrown;
    } finally {
      this.#loading.delete(name);
      this.isFirst = false;
      this.#changed();
    }
  }

  #changed(): void {
    this.#version++;
    for (const listener of this.#listeners) listener();
  }

  async #load(
    direction: "forward" | "backward",
    edgeNs: bigint | undefined,
    known: readonly string[],
  ): Promise<{ page: Page | undefined; isLast: boolean }> {
    const grown = firstPageLines * 2 ** Math.min(doublings, this.#ids);
    const { startNs, pageLines = grown } = this.#setup;
    const limit = Math.min(entriesMax, pageLines + known.length);
    // The edge's own nanosecond is asked for again: more lines may share it.
    const backEnd = edgeNs === undefined ? this.#endNs : edgeNs + 1n;
    const request: PageRequest =
      direction === "backward"
        ? { startNs, endNs: backEnd, limit, direction, known }
        : { startNs: edgeNs ?? startNs, endNs: this.#endNs, limit, direction, known };
    const { rows, received } = await this.#fetch(request);
    const shown = deduplicated(rows, this.#setup.dedup);
    const [first, last] = [rows[0], rows.at(-1)];
    const isLast = received < limit;
    if (first === undefined || last === undefined) return { page: undefined, isLast: true };
    this.#ids++;
    const page: Page = {
      id: this.#ids,
      request,
      rows: shown,
      count: shown.length,
      lines: rows.length,
      ties: { first: identitiesAt(rows, first.ns), last: identitiesAt(rows, last.ns) },
      first,
      last,
      heights: undefined,
    };
    return { page, isLast };
  }

  async #fetch({ known, ...request }: PageRequest): Promise<{ rows: LogRow[]; received: number }> {
    this.requests++;
    const answer = await this.#setup.fetch({ ...request, signal: this.#abort.signal });
    for (const text of answer.warnings ?? []) this.warnings.add(text);
    const { seconds, lines, bytes } = answer.stats;
    this.stats = {
      seconds: this.stats.seconds + seconds,
      lines: this.stats.lines + lines,
      bytes: this.stats.bytes + bytes,
    };
    const left = new Map<string, number>();
    for (const key of known) left.set(key, (left.get(key) ?? 0) + 1);
    const edge = answer.rows[0]?.ns;
    const rows = answer.rows.filter((row) => {
      if (left.size === 0 || row.ns !== edge) return true;
      const count = left.get(identity(row)) ?? 0;
      if (count > 0) left.set(identity(row), count - 1);
      return count === 0;
    });
    const isReversed = (request.direction === "backward") !== (this.#setup.order === "newest");
    return { rows: isReversed ? rows.toReversed() : rows, received: answer.rows.length };
  }

  #tiesAfter(): string[] {
    return tiesOf(this.pages.toReversed(), "last");
  }

  #tiesBefore(): string[] {
    return tiesOf(this.pages, "first");
  }
}

/** Of the first page's edge; a page that is of one nanosecond alone goes on in the next. */
function tiesOf(pages: readonly Page[], edge: "first" | "last"): string[] {
  const ns = pages[0]?.[edge].ns;
  const keys: string[] = [];
  for (const { first, last, ties } of pages) {
    if ((edge === "first" ? first.ns : last.ns) !== ns) return keys;
    keys.push(...ties[edge]);
    if (first.ns !== last.ns) return keys;
  }
  return keys;
}

function identitiesAt(rows: readonly LogRow[], ns: string): string[] {
  return rows.filter((row) => row.ns === ns).map(identity);
}

function identity({ stream, text, metadata }: LogRow): string {
  return `${labelsKey(stream)}\n${labelsKey(metadata)}\n${text}`;
}
