/** 2 ** 11 registers: a standard error of 1.04 / sqrt(2048), which is 2.3 %. */
const indexBits = 11;
const registerCount = 2 ** indexBits;
const exactMax = 128;

/**
 * How many different values were added, by their hashes: exact up to 128, then HyperLogLog (Flajolet, Fusy, Gandouet, Meunier 2007:
 * "HyperLogLog: the analysis of a near-optimal cardinality estimation algorithm") with linear counting below 2.5 values a
 * register. Never falls.
 */
export class DistinctCount {
  #exact: Set<number> | undefined = new Set();
  #registers: Uint8Array | undefined;
  /** Of the registers; undefined since one changed. */
  #estimate: number | undefined;

  /** `hash`: 53 bits, evenly spread. */
  add(hash: number): void {
    const exact = this.#exact;
    if (exact === undefined) return this.#register(hash);
    exact.add(hash);
    if (exact.size <= exactMax) return;
    this.#exact = undefined;
    this.#registers = new Uint8Array(registerCount);
    for (const each of exact) this.#register(each);
  }

  get value(): number {
    if (this.#registers === undefined) return this.#exact?.size ?? 0;
    return (this.#estimate ??= estimateOf(this.#registers));
  }

  /** The low bits choose the register, the place of the highest bit of the other 42 is the rank. */
  #register(hash: number): void {
    if (this.#registers === undefined) return;
    const index = hash % registerCount;
    const rest = Math.floor(hash / registerCount);
    const high = Math.floor(rest / 2 ** 21);
    const leading = high > 0 ? Math.clz32(high) - 11 : Math.clz32(rest % 2 ** 21) + 10;
    const rank = Math.min(leading, 42) + 1;
    if (rank <= (this.#registers[index] ?? 0)) return;
    this.#registers[index] = rank;
    this.#estimate = undefined;
  }
}

function estimateOf(registers: Uint8Array): number {
  let sum = 0;
  let zeros = 0;
  for (const rank of registers) {
    sum += 2 ** -rank;
    if (rank === 0) zeros++;
  }
  const bias = 0.7213 / (1 + 1.079 / registerCount);
  const estimate = (bias * registerCount * registerCount) / sum;
  if (estimate > 2.5 * registerCount || zeros === 0) return Math.round(estimate);
  return Math.round(registerCount * Math.log(registerCount / zeros));
}
