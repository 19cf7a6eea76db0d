// Hot: guarded by `bench ingest`, `bench remote_write`, `bench labels`.

const pageBits = 12;
const pageSize = 1 << pageBits;

/** Numbers in a list that grows at its end, in pages of typed arrays: one array that grows would copy all there is at once. */
export class PagedNumbers<Page extends Float64Array | Uint32Array> {
  readonly #pages: Page[] = [];
  readonly #newPage: (size: number) => Page;
  #length = 0;

  constructor(newPage: (size: number) => Page) {
    this.#newPage = newPage;
  }

  push(value: number): void {
    const index = this.#length++;
    if (index % pageSize === 0) this.#pages.push(this.#newPage(pageSize));
    const page = this.#pages[index >>> pageBits];
    if (page !== undefined) page[index & (pageSize - 1)] = value;
  }

  /** 0 where nothing is. `index` is not negative. */
  at(index: number): number {
    return this.#pages[index >>> pageBits]?.[index & (pageSize - 1)] ?? 0;
  }
}
