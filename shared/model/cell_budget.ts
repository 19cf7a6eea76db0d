/** Counts of buckets that histograms and summaries of one owner hold together; each is eight bytes. */
export class CellBudget {
  readonly #cellsMax: number;
  #cells = 0;

  constructor(cellsMax: number) {
    this.#cellsMax = cellsMax;
  }

  add(cells: number): void {
    this.#cells += cells;
  }

  /** Whether there is room no more: resolution is then given up for it. */
  get isShort(): boolean {
    return this.#cells > this.#cellsMax;
  }
}
