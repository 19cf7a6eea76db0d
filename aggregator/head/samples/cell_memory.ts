import { wordsOf } from "#shared/model/special_values.ts";

/** Values of a matrix and their words. */
export type Cells = { readonly values: Float64Array; readonly words: Uint32Array };

/** 64 KiB. */
export const cellsMax = 8_192;

/**
 * Memory for matrices of samples, used again and again: fresh arrays at the rate of ingest are as much work for the
 * kernel (which clears pages) and the garbage collector as all the rest of an append. Pieces are of one size; what a
 * generation gives back serves the next, and what the next did not need is let go.
 */
export class CellMemory {
  #free: Cells[] = [];
  /** Fewest free pieces since the last trim: those that were not needed. */
  #unused = 0;

  /** `cellsMax` cells, of any content. */
  take(): Cells {
    const piece = this.#free.pop();
    this.#unused = Math.min(this.#unused, this.#free.length);
    return piece ?? newCells(cellsMax);
  }

  /** For pieces of take() that are not read any more. */
  giveBack(pieces: readonly Cells[]): void {
    this.#free.splice(0, this.#unused);
    for (const piece of pieces) this.#free.push(piece);
    this.#unused = this.#free.length;
  }
}

export function newCells(count: number): Cells {
  const values = new Float64Array(new ArrayBuffer(8 * count));
  return { values, words: wordsOf(values) };
}
