/** With more names than these, they are looked up in a map. */
const listMax = 16;

/** Labels that stages make of a record, names each once. Most records have a few, and one object serves all: emptying it costs nothing. */
export class ParsedLabels {
  readonly #names: string[] = [];
  readonly #values: string[] = [];
  readonly #index = new Map<string, number>();
  size = 0;

  get(name: string): string | undefined {
    const at = this.#at(name);
    return at < 0 ? undefined : this.#values[at];
  }

  has(name: string): boolean {
    return this.#at(name) >= 0;
  }

  set(name: string, value: string): void {
    let at = this.#at(name);
    if (at < 0) {
      at = this.size++;
      this.#names[at] = name;
      if (this.size > listMax) this.#indexFrom(this.size === listMax + 1 ? 0 : at);
    }
    this.#values[at] = value;
  }

  /** Whether it was there. The order of the others stays. */
  delete(name: string): boolean {
    const at = this.#at(name);
    if (at < 0) return false;
    this.#names.splice(at, 1);
    this.#values.splice(at, 1);
    this.size--;
    this.#index.clear();
    if (this.size > listMax) this.#indexFrom(0);
    return true;
  }

  /** Forgets what was put in after there were `size` of them. */
  truncate(size: number): void {
    if (size >= this.size) return;
    this.size = size;
    this.#index.clear();
    if (size > listMax) this.#indexFrom(0);
  }

  clear(): void {
    this.size = 0;
    if (this.#index.size > 0) this.#index.clear();
  }

  *[Symbol.iterator](): Iterator<[string, string]> {
    for (let at = 0; at < this.size; at++) yield [this.#names[at] ?? "", this.#values[at] ?? ""];
  }

  #at(name: string): number {
    if (this.size > listMax) return this.#index.get(name) ?? -1;
    for (let at = 0; at < this.size; at++) if (this.#names[at] === name) return at;
    return -1;
  }

  #indexFrom(first: number): void {
    for (let at = first; at < this.size; at++) this.#index.set(this.#names[at] ?? "", at);
  }
}
