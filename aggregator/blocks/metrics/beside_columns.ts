import type { DuckDBDataChunk } from "@duckdb/node-api";
import type { FineMarks } from "#shared/model/metrics.ts";
import {
  readBigInts,
  readByteLists,
  readPresence,
  readValidity,
  type ListColumn,
} from "../../duckdb/vectors.ts";

/** Columns that a block has besides when it knows start timestamps, or holds fine samples; drawn in docs/formats/parquet.md. */
const startColumn = "start_ms";
export const fineColumn = "fine";
/** As a column of ours has it in a file. */
export const fineLeaf = `${fineColumn}.list.element`;

/**
 * A part of a list of selected columns: `t`, and what stands beside it where a file has that. Blocks without it lack the column, so
 * files must be read by name.
 */
export function timeColumns(withStarts: boolean): string {
  const names = withStarts ? ["t", startColumn, fineColumn] : ["t", fineColumn];
  return `COLUMNS(c -> c IN (${names.map((name) => `'${name}'`).join(", ")}))`;
}

/** Where columns stand in a result that has timeColumns() and valueColumns. */
export class BesideColumns {
  readonly times: number;
  readonly values: number;
  /** Where a file has histograms, the first of their columns. */
  readonly histograms: number;
  readonly #starts: number;
  readonly #fine: number;

  constructor(names: readonly string[]) {
    this.times = names.indexOf("t");
    this.values = names.indexOf("v");
    this.histograms = this.values + 1;
    this.#starts = names.indexOf(startColumn);
    this.#fine = names.indexOf(fineColumn);
  }

  get hasStarts(): boolean {
    return this.#starts >= 0;
  }

  /** Start timestamps of a chunk's rows in Unix milliseconds, 0 where there is none. */
  starts(chunk: DuckDBDataChunk): (row: number) => number {
    if (this.#starts < 0) return () => 0;
    const isKnown = readValidity(chunk, this.#starts);
    const starts = readBigInts(chunk, this.#starts);
    return (row) => (isKnown[row] === true ? Number(starts[row] ?? 0n) : 0);
  }

  /** Marks of a row's samples; undefined where none is fine. */
  fine(chunk: DuckDBDataChunk): (row: number) => FineMarks | undefined {
    if (this.#fine < 0) return () => undefined;
    const isThere = readPresence(chunk, this.#fine);
    const lists = readByteLists(chunk, this.#fine);
    return (row) => (isThere(row) ? listOf(lists, row) : undefined);
  }
}

function listOf(
  { starts, lengths, values }: ListColumn<Uint8Array>,
  row: number,
): FineMarks | undefined {
  const [start = 0, length = 0] = [starts[row], lengths[row]];
  return length === 0 ? undefined : values.slice(start, start + length);
}
