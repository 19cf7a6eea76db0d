import type { Labels } from "#shared/model/labels.ts";
import type { LineJoiner } from "../../sources/file_logs/line_joiner.ts";
import { type MultilineConfig, lineJoiner } from "../../sources/file_logs/multiline.ts";

/** A line that was pushed: its place in the batch, and when it came, in ms of a monotonic clock. */
export type HeldLine = { readonly row: number; readonly atMs: number };

/** The lines of a batch, by their rows. */
export type LineRows = {
  /** Bytes of the body. */
  lengthOf(row: number): number;
  /** The first bytes of the body, at most so many. */
  frontOf(row: number, bytesMax: number): string;
  /** Between the times of two. */
  gapMs(a: number, b: number): number;
  attributesOf(row: number): Labels | undefined;
};

/** The last record of a stream, which may go on. */
type Open = {
  readonly joiner: LineJoiner;
  lines: HeldLine[];
  /** Lines that belong to it only if a later one does. */
  tentative: HeldLine[];
  bytes: number;
};

/** So much of a line's first bytes tells whether its record goes on. */
const judgedBytesMax = 512;

/**
 * Tells which lines of a batch are one record: those of a stream that follow each other, as the configuration joins them, where nothing but
 * time and body differs, and no more than flush_timeout lies between them by their own times.
 */
export class PushedLineJoiner {
  readonly #config: MultilineConfig;
  readonly #lineBytesMax: number;
  readonly #rows: LineRows;
  readonly #open = new Map<number, Open>();
  /** By the row of a record's first line the rows of the others, in order. */
  readonly #rest = new Map<number, number[]>();
  /** Rows that are no records of their own. */
  readonly #absent = new Set<number>();

  constructor(config: MultilineConfig, lineBytesMax: number, rows: LineRows) {
    this.#config = config;
    this.#lineBytesMax = lineBytesMax;
    this.#rows = rows;
  }

  get absent(): ReadonlySet<number> {
    return this.#absent;
  }

  /** Rows of the lines that follow the one in this row. */
  restOf(row: number): readonly number[] {
    return this.#rest.get(row) ?? [];
  }

  add(stream: number, row: number, atMs: number): void {
    const open = this.#open.get(stream) ?? this.#newOpen(stream);
    this.#judge(open, { row, atMs });
  }

  /** Takes out of the batch what came last to its stream at `sinceMs` or later; the newest of at most so many streams. */
  hold(sinceMs: number, streamsMax: number): HeldLine[] {
    const held = [...this.#open]
      .map(([stream, { lines, tentative }]) => ({ stream, lines: [...lines, ...tentative] }))
      .filter(({ lines }) => (lines.at(-1)?.atMs ?? sinceMs) > sinceMs)
      .toSorted((a, b) => (b.lines.at(-1)?.row ?? 0) - (a.lines.at(-1)?.row ?? 0))
      .slice(0, streamsMax);
    for (const { stream, lines } of held) {
      this.#open.delete(stream);
      for (const { row } of lines) this.#absent.add(row);
    }
    return held.flatMap(({ lines }) => lines);
  }

  #newOpen(stream: number): Open {
    const open = { joiner: lineJoiner(this.#config), lines: [], tentative: [], bytes: 0 };
    this.#open.set(stream, open);
    return open;
  }

  #judge(open: Open, line: HeldLine): void {
    const [head] = open.lines;
    if (head === undefined) {
      open.joiner.start(this.#textOf(line));
      open.lines = [line];
      open.bytes = this.#rows.lengthOf(line.row);
      return;
    }
    const waiting = open.tentative;
    const verdict = this.#canFollow(open, head, line)
      ? open.joiner.continues(this.#textOf(line))
      : "no";
    if (verdict === "maybe") {
      waiting.push(line);
      return;
    }
    open.tentative = [];
    if (verdict === "no") {
      open.lines = [];
      for (const one of [...waiting, line]) this.#judge(open, one);
      return;
    }
    const rest = this.#rest.get(head.row) ?? [];
    this.#rest.set(head.row, rest);
    for (const one of [...waiting, line]) {
      open.lines.push(one);
      open.bytes += this.#rows.lengthOf(one.row) + 1;
      rest.push(one.row);
      this.#absent.add(one.row);
    }
  }

  #canFollow({ lines, tentative, bytes }: Open, head: HeldLine, { row }: HeldLine): boolean {
    const rows = this.#rows;
    const last = tentative.at(-1) ?? lines.at(-1) ?? head;
    const waiting = tentative.reduce((sum, one) => sum + rows.lengthOf(one.row) + 1, 0);
    return (
      rows.gapMs(last.row, row) <= this.#config.flush_timeout &&
      lines.length + tentative.length < this.#config.lines_max &&
      bytes + waiting + rows.lengthOf(row) + 1 <= this.#lineBytesMax &&
      isSame(rows.attributesOf(head.row), rows.attributesOf(row))
    );
  }

  #textOf({ row }: HeldLine): string {
    return this.#rows.frontOf(row, judgedBytesMax);
  }
}

function isSame(a: Labels | undefined, b: Labels | undefined): boolean {
  return a === b || Bun.deepEquals(a ?? {}, b ?? {});
}
