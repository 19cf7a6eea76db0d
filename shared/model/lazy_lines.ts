import { type LineColumns, type Lines, linesOf } from "./line_columns.ts";
import type { LogsBatch } from "./logs.ts";

/** Lines that were made are kept up to this many bytes together, for the next one who asks. */
const bytesMax = 64 * 1_024 * 1_024;

type Made = { readonly lines: WeakRef<LazyLines>; readonly bytes: number };

/** In the order in which they were made; some of them may be garbage by now. */
const made: Made[] = [];
let madeBytes = 0;

/** A batch whose lines are made of their columns when they are asked for: nearly all become Parquet before anybody looks at them. */
export function withLines(
  records: Omit<LogsBatch, "bodies" | "bodyEnds" | "mined" | "columns">,
  columns: LineColumns,
): LogsBatch {
  const lazy = new LazyLines(columns);
  const { templates, templateOf } = columns;
  const mined = {
    templates,
    templateOf,
    get variableLengths() {
      return lazy.lines.variableLengths;
    },
  };
  return {
    ...records,
    columns,
    mined,
    get bodies() {
      return lazy.lines.bodies;
    },
    get bodyEnds() {
      return lazy.lines.bodyEnds;
    },
  };
}

class LazyLines {
  readonly #columns: LineColumns;
  #lines: Lines | undefined;

  constructor(columns: LineColumns) {
    this.#columns = columns;
  }

  get lines(): Lines {
    return this.#lines ?? this.#make();
  }

  #make(): Lines {
    const lines = linesOf(this.#columns);
    this.#lines = lines;
    const bytes = lines.bodies.length;
    madeBytes += bytes;
    while (madeBytes > bytesMax) {
      const oldest = made.shift();
      if (oldest === undefined) break;
      madeBytes -= oldest.bytes;
      oldest.lines.deref()?.forget();
    }
    made.push({ lines: new WeakRef(this), bytes });
    return lines;
  }

  forget(): void {
    this.#lines = undefined;
  }
}
