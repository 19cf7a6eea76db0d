import type { Page } from "../state/line_store.ts";

/** Where the rows of all pages stand, top to bottom. Rows that were not measured count with the usual height. */
export class ListLayout {
  readonly pages: readonly Page[];
  readonly #rowPx: number;
  /** The top of each page, and the end of the last. */
  readonly #tops: Float64Array;

  constructor(pages: readonly Page[], rowPx: number) {
    this.pages = pages;
    this.#rowPx = rowPx;
    this.#tops = new Float64Array(pages.length + 1);
    pages.forEach((page, i) => {
      this.#tops[i + 1] = (this.#tops[i] ?? 0) + this.#pagePx(page);
    });
  }

  get height(): number {
    return this.#tops[this.pages.length] ?? 0;
  }

  topOf(page: number, row: number): number {
    const heights = this.pages[page]?.heights;
    let top = this.#tops[page] ?? 0;
    if (heights === undefined) return top + row * this.#rowPx;
    for (let i = 0; i < row; i++) top += heights[i] || this.#rowPx;
    return top;
  }

  /** The row at a height; the last one below the end. */
  at(y: number): { readonly page: number; readonly row: number } {
    let [low, high] = [0, this.pages.length - 1];
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if ((this.#tops[middle] ?? 0) <= y) low = middle;
      else high = middle - 1;
    }
    const page = Math.max(0, low);
    const { count = 0, heights } = this.pages[page] ?? {};
    let rest = y - (this.#tops[page] ?? 0);
    let row = 0;
    if (heights === undefined) row = Math.floor(rest / this.#rowPx);
    else
      while (row < count - 1 && rest >= (heights[row] || this.#rowPx)) {
        rest -= heights[row] || this.#rowPx;
        row++;
      }
    return { page, row: Math.max(0, Math.min(count - 1, row)) };
  }

  #pagePx({ count, heights }: Page): number {
    if (heights === undefined) return count * this.#rowPx;
    let sum = 0;
    for (let i = 0; i < count; i++) sum += heights[i] || this.#rowPx;
    return sum;
  }
}
