/** Of a value: within its usual band, leaving it now, or outside since before. */
export type BandVerdict = "inside" | "exit" | "outside";

export type BandSettings = {
  readonly width: number;
  readonly widthMin: number;
  readonly widthMinAbsolute: number;
  /** Time constant. */
  readonly memoryMs: number;
  readonly warmUpMs: number;
  readonly samples: number;
};

/** A value weighs no more than this, however long the one before is ago. */
const weightMax = 0.25;

/**
 * The usual band of one series: a running mean m and mean absolute deviation d, exponentially weighted, and the band m ± width * d.
 *
 *     e = clip(x - m, -h, h)        h = max(width * d, widthMin * |m|, widthMinAbsolute)
 *     d <- d + a * (|e| - d)        m <- m + a * e        a = 1 - exp(-dt / memory)
 *
 * The two recursions are those of Jacobson's estimate of round-trip times (RFC 6298, 2.3), with weights for any distance in time; the
 * clipping of what goes into them is Huber's (Robust Estimation of a Location Parameter, 1964), so that an excursion moves the band
 * little, while a level that stays is learned: each value at the bound widens it. While it warms up nothing is clipped, and the weights are
 * those of a plain average where that is faster.
 *
 * An exit is `samples` values in a row outside; the series is back after as many within half the band (hysteresis).
 */
export class Band {
  #mean = Number.NaN;
  #deviation = 0;
  #firstMs = 0;
  #lastMs = 0;
  #count = 0;
  #isOutside = false;
  /** Values in a row that speak for the other state. */
  #run = 0;

  get mean(): number {
    return this.#mean;
  }

  /** Half the width, in the unit of the values. */
  halfWidth({ width, widthMin, widthMinAbsolute }: BandSettings): number {
    return Math.max(width * this.#deviation, widthMin * Math.abs(this.#mean), widthMinAbsolute);
  }

  /** Judges a finite value by what was usual before it, then learns it. A time that is not later than the one before is only judged. */
  observe(timestampMs: number, value: number, settings: BandSettings): BandVerdict {
    if (this.#count === 0) {
      this.#mean = value;
      this.#firstMs = timestampMs;
      this.#lastMs = timestampMs;
      this.#count = 1;
      return "inside";
    }
    const isWarm = timestampMs - this.#firstMs >= settings.warmUpMs;
    const half = this.halfWidth(settings);
    const error = value - this.#mean;
    const verdict = isWarm ? this.#judge(Math.abs(error), half, settings.samples) : "inside";
    const sinceMs = timestampMs - this.#lastMs;
    if (sinceMs <= 0) return verdict;
    this.#lastMs = timestampMs;
    this.#count++;
    const usual = Math.min(1 - Math.exp(-sinceMs / settings.memoryMs), weightMax);
    const weight = isWarm ? usual : Math.max(usual, 1 / this.#count);
    // A band of no width can be left, and must be able to grow: there a fraction of the step is learned.
    const bound = half > 0 ? half : Math.abs(error) / 2;
    const learned = isWarm ? Math.min(Math.max(error, -bound), bound) : error;
    this.#deviation += weight * (Math.abs(learned) - this.#deviation);
    this.#mean += weight * learned;
    return verdict;
  }

  #judge(distance: number, half: number, samples: number): BandVerdict {
    const speaksForChange = this.#isOutside ? distance <= half / 2 : distance > half;
    this.#run = speaksForChange ? this.#run + 1 : 0;
    if (this.#run < samples) return this.#isOutside ? "outside" : "inside";
    this.#run = 0;
    this.#isOutside = !this.#isOutside;
    return this.#isOutside ? "exit" : "inside";
  }
}
