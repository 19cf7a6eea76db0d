import type { DropReason } from "#shared/model/account.ts";

/** Samples that wait for the next write; more are refused. */
const samplesMax = 65_536;
const firstSamples = 256;

/** Samples that have times of their own, until they are written. */
export class TimedSamples {
  #length = 0;
  #slots = new Uint32Array(firstSamples);
  #timestampsMs = new Float64Array(firstSamples);
  #values = new Float64Array(firstSamples);

  /** Why it is not taken, where it is not. */
  add(slot: number, timestampMs: number, value: number): DropReason | undefined {
    if (this.#length >= samplesMax) return "rate_limit";
    if (this.#length === this.#slots.length) this.#resize(2 * this.#length);
    this.#slots[this.#length] = slot;
    this.#timestampsMs[this.#length] = timestampMs;
    this.#values[this.#length++] = value;
    return undefined;
  }

  /** Hands them over in the order in which they came, and lets them go. */
  take(each: (slot: number, timestampMs: number, value: number) => void): void {
    const { length } = this;
    for (let i = 0; i < length; i++)
      each(this.#slots[i] ?? 0, this.#timestampsMs[i] ?? 0, this.#values[i] ?? 0);
    this.#length = 0;
    if (this.#slots.length > firstSamples) this.#resize(firstSamples);
  }

  get length(): number {
    return this.#length;
  }

  #resize(samples: number): void {
    const [slots, timestampsMs, values] = [this.#slots, this.#timestampsMs, this.#values];
    this.#slots = new Uint32Array(samples);
    this.#timestampsMs = new Float64Array(samples);
    this.#values = new Float64Array(samples);
    this.#slots.set(slots.subarray(0, this.#length));
    this.#timestampsMs.set(timestampsMs.subarray(0, this.#length));
    this.#values.set(values.subarray(0, this.#length));
  }
}
