/** How many lines of a pattern come in a window of time, as it is used to be. */
export type PatternRate = {
  mean: number;
  variance: number;
  /** Windows that mean and variance are of. */
  windows: number;
  /** Where it was last told to be: above its band, below, or 0 within. */
  band: -1 | 0 | 1;
  /** Windows within the band since it was out of it. */
  calm: number;
};

/** A window that is out of the band: lines in it, and the usual number. */
export type RateChange = {
  readonly direction: "above" | "below";
  readonly usual: number;
  readonly count: number;
};

/** Windows that must have been seen before one is judged, at five minutes an hour. */
const windowsToJudge = 12;
/** Share of the newest window in what is usual: half of it is forgotten after some eight. */
const share = 1 / 12;
/** Deviations from the mean that are usual; that of a count alone (Poisson) is taken for granted. */
const deviations = 4;
/** Fewer lines than this are neither much nor missed. */
const linesMin = 20;
/** After so many windows within the band the next one out of it is news again. */
const calmWindows = 2;

export function newRate(): PatternRate {
  return { mean: 0, variance: 0, windows: 0, band: 0, calm: 0 };
}

/**
 * Takes a window's count in. Tells when it leaves the usual band: more than twice, or less than half of what is usual, and far
 * outside of how it varies. What lies outside moves the band only as far as its edge, so that one burst does not hide the next.
 */
export function takeWindow(rate: PatternRate, count: number): RateChange | undefined {
  const usual = rate.mean;
  const width = deviations * Math.sqrt(rate.variance + usual + 1);
  const upper = Math.max(usual + width, 2 * usual, linesMin);
  const lower = usual >= linesMin ? Math.min(usual - width, usual / 2) : -1;
  const isJudged = rate.windows >= windowsToJudge;
  const side = !isJudged ? 0 : count > upper ? 1 : count < lower ? -1 : 0;
  learn(rate, isJudged ? Math.min(Math.max(count, lower), upper) : count);
  if (side === 0) {
    rate.calm++;
    if (rate.calm >= calmWindows) rate.band = 0;
    return undefined;
  }
  rate.calm = 0;
  if (side === rate.band) return undefined;
  rate.band = side;
  return { direction: side === 1 ? "above" : "below", usual, count };
}

function learn(rate: PatternRate, count: number): void {
  rate.windows++;
  // The first windows count as much as the later ones.
  const own = Math.max(share, 1 / rate.windows);
  const difference = count - rate.mean;
  rate.mean += own * difference;
  rate.variance = (1 - own) * (rate.variance + own * difference * difference);
}
