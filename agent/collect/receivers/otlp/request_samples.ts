/**
 * The samples that one request has brought so far, to tell those that come twice. The first of a series is kept in columns;
 * only series that have several samples in a request cost a map.
 */
export class RequestSamples {
  #request = 1;
  /** By column: the request that its first sample below is of. */
  #requests = new Uint32Array(1_024);
  #firstMs = new Float64Array(1_024);
  #firstWords = new Uint32Array(2_048);
  readonly #more = new Map<number, Map<number, readonly [low: number, high: number]>>();

  /** Opens a request: what came before is forgotten. */
  begin(): void {
    this.#request = (this.#request + 1) >>> 0;
    this.#more.clear();
  }

  /** How a sample relates to those of its series and time. */
  compare(column: number, timestampMs: number, low: number, high: number): Relation {
    if (this.#requests[column] !== this.#request) return "new";
    if (this.#firstMs[column] === timestampMs)
      return relationOf(this.#firstWords[2 * column], this.#firstWords[2 * column + 1], low, high);
    const known = this.#more.get(column)?.get(timestampMs);
    return known === undefined ? "new" : relationOf(known[0], known[1], low, high);
  }

  add(column: number, timestampMs: number, low: number, high: number): void {
    if (column >= this.#requests.length) this.#grow(column);
    if (this.#requests[column] === this.#request) {
      const times = this.#more.get(column) ?? new Map<number, readonly [number, number]>();
      this.#more.set(column, times.set(timestampMs, [low, high]));
      return;
    }
    this.#requests[column] = this.#request;
    this.#firstMs[column] = timestampMs;
    this.#firstWords[2 * column] = low;
    this.#firstWords[2 * column + 1] = high;
  }

  #grow(column: number): void {
    const capacity = 2 ** Math.ceil(Math.log2(column + 1));
    const [requests, firstMs] = [new Uint32Array(capacity), new Float64Array(capacity)];
    const firstWords = new Uint32Array(2 * capacity);
    requests.set(this.#requests);
    firstMs.set(this.#firstMs);
    firstWords.set(this.#firstWords);
    this.#requests = requests;
    this.#firstMs = firstMs;
    this.#firstWords = firstWords;
  }
}

export type Relation = "new" | "same" | "conflict";

function relationOf(
  knownLow: number | undefined,
  knownHigh: number | undefined,
  low: number,
  high: number,
): Relation {
  return knownLow === low && knownHigh === high ? "same" : "conflict";
}
