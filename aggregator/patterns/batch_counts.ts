import { unmined } from "#shared/model/line_template.ts";
import type { LogsBatch } from "#shared/model/logs.ts";
import { levelIndex } from "./levels.ts";

/** Lines of a batch that have stream, template, level and window of time in common. `template` is -1 for lines that have none. */
export type LineCount = {
  stream: number;
  template: number;
  level: number;
  /** Number of the window since 1970. */
  window: number;
  count: number;
  /** The first of them. */
  row: number;
};

/** Levels in a cell's number, rounded up. */
const levelBits = 3;
/** Above so many cells a map takes fewer bytes than it costs. */
const cellsMax = 2 ** 20;

/**
 * Counts lines of batches by stream, template, level and window in one pass over their columns: a line costs a few nanoseconds, and what
 * is told of a batch is as long as it has different ones.
 */
export class BatchCounts {
  readonly #levels = Uint8Array.from({ length: 256 }, (_, severity) => levelIndex(severity));
  readonly #windowMs: number;
  #counts = new Uint32Array(2 ** 12);
  #touched: number[] = [];
  #rows: number[] = [];

  constructor(windowMs: number) {
    this.#windowMs = windowMs;
  }

  /** `tell` gets an object that is used again. */
  count(batch: LogsBatch, tell: (count: LineCount) => void): void {
    const { streamOf, severities, timestampsMs, mined, streams } = batch;
    const templates = (mined?.templates.length ?? 0) + 1;
    const cells = (streams.length * templates) << levelBits;
    if (cells > cellsMax || cells < 0) return this.#countByMap(batch, tell);
    if (cells > this.#counts.length) this.#counts = new Uint32Array(2 * cells);
    const counts = this.#counts;
    const levels = this.#levels;
    const templateOf = mined?.templateOf;
    let [from, to] = [1, 0];
    for (let row = 0; row < streamOf.length; row++) {
      const ms = timestampsMs[row] ?? 0;
      if (!(ms >= from && ms < to)) {
        this.#flush(Math.floor(from / this.#windowMs), templates, tell);
        from = Math.floor(ms / this.#windowMs) * this.#windowMs;
        to = from + this.#windowMs;
      }
      const own = templateOf === undefined ? unmined : (templateOf[row] ?? unmined);
      const template = own === unmined ? templates - 1 : own;
      const cell =
        (((streamOf[row] ?? 0) * templates + template) << levelBits) |
        (levels[severities[row] ?? 0] ?? 0);
      const before = counts[cell] ?? 0;
      counts[cell] = before + 1;
      if (before > 0) continue;
      this.#touched.push(cell);
      this.#rows.push(row);
    }
    this.#flush(Math.floor(from / this.#windowMs), templates, tell);
  }

  #flush(window: number, templates: number, tell: (count: LineCount) => void): void {
    const one = { stream: 0, template: 0, level: 0, window, count: 0, row: 0 };
    // By index: this is passed for every batch, and iterators cost more than what they go over.
    for (let i = 0; i < this.#touched.length; i++) {
      const cell = this.#touched[i] ?? 0;
      const pair = cell >> levelBits;
      one.stream = Math.floor(pair / templates);
      const template = pair % templates;
      one.template = template === templates - 1 ? -1 : template;
      one.level = cell & (2 ** levelBits - 1);
      one.count = this.#counts[cell] ?? 0;
      one.row = this.#rows[i] ?? 0;
      this.#counts[cell] = 0;
      tell(one);
    }
    this.#touched.length = 0;
    this.#rows.length = 0;
  }

  #countByMap(batch: LogsBatch, tell: (count: LineCount) => void): void {
    const { streamOf, severities, timestampsMs, mined } = batch;
    const found = new Map<string, LineCount>();
    for (let row = 0; row < streamOf.length; row++) {
      const stream = streamOf[row] ?? 0;
      const own = mined?.templateOf[row] ?? unmined;
      const template = own === unmined ? -1 : own;
      const level = this.#levels[severities[row] ?? 0] ?? 0;
      const window = Math.floor((timestampsMs[row] ?? 0) / this.#windowMs);
      const key = `${stream} ${template} ${level} ${window}`;
      const known = found.get(key);
      if (known === undefined) found.set(key, { stream, template, level, window, count: 1, row });
      else known.count++;
    }
    for (const count of found.values()) tell(count);
  }
}
