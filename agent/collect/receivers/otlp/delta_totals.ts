import { type Histogram, usesCustomBuckets } from "#shared/model/histogram.ts";
import { histogramFromLayout, layoutOf, reduceResolution } from "#shared/model/histogram_layout.ts";
import { addHistograms, subtractHistograms } from "#shared/model/histogram_sum.ts";

/** A number, or a native histogram of counts. */
export type Counted = number | Histogram;

type DeltaTotal = { total: Counted; lastMs: number; weight: number };
type Change = {
  readonly entry: DeltaTotal;
  readonly added: Counted;
  readonly before: Counted;
  readonly after: Counted;
  readonly beforeMs: number;
  readonly afterMs: number;
};

/** After so long without a point a total begins again, as senders of deltas forget series, too. */
const staleMs = 300_000;
/** Of one side; as in the Collector's deltatocumulative, where a wider one loses resolution. */
const bucketSpanMax = 160;
const schemaMin = -4;
/** So many buckets take about the memory of one number with its key. */
const bucketsPerWeight = 16;

/**
 * Running totals of series that are sent as differences, so that they are stored as counters. A request's changes are taken back
 * when it could not be stored, because the sender brings them again.
 */
export class DeltaTotals {
  readonly #weightMax: number;
  readonly #totals = new Map<string, DeltaTotal>();
  #weight = 0;
  #changes: Change[] = [];
  #sweptMs = 0;

  /** Room for `totalsMax` numbers; histograms weigh more by their buckets. */
  constructor(totalsMax: number) {
    this.#weightMax = totalsMax;
  }

  /** Opens a request; drops totals that nobody adds to any more. */
  begin(nowMs: number): void {
    this.#changes = [];
    if (Math.abs(nowMs - this.#sweptMs) < staleMs) return;
    this.#sweptMs = nowMs;
    for (const [key, { lastMs, weight }] of this.#totals)
      if (lastMs < nowMs - 2 * staleMs) {
        this.#totals.delete(key);
        this.#weight -= weight;
      }
  }

  /** The total after `difference`; "late" for one that is not newer than the last, "full" where no more totals fit. */
  add(key: string, timestampMs: number, difference: Counted): Counted | "late" | "full" {
    const known = this.#totals.get(key);
    if (known !== undefined && timestampMs <= known.lastMs) return "late";
    const isFresh = known === undefined || timestampMs - known.lastMs > staleMs;
    const before = known?.total ?? 0;
    const after = isFresh ? difference : sumOf(before, difference);
    const weight = weightOf(after);
    const entry = known ?? { total: 0, lastMs: -Infinity, weight: 0 };
    if (this.#weight + weight - entry.weight > this.#weightMax) return "full";
    if (known === undefined) this.#totals.set(key, entry);
    const { lastMs: beforeMs } = entry;
    this.#changes.push({ entry, added: difference, before, after, beforeMs, afterMs: timestampMs });
    this.#set(entry, after, timestampMs);
    return after;
  }

  /** What this request changed so far, to be handed to undo(). */
  changes(): readonly Change[] {
    return this.#changes;
  }

  /** Takes back what was added after the first `kept` of this request's changes. */
  undoAfter(kept: number): void {
    this.undo(this.#changes.splice(kept));
  }

  /** Other requests may have added since. */
  undo(changes: readonly Change[]): void {
    for (const { entry, added, before, after, beforeMs, afterMs } of changes.toReversed()) {
      const isUntouched = entry.total === after && entry.lastMs === afterMs;
      this.#set(entry, isUntouched ? before : differenceOf(entry.total, added), beforeMs);
    }
  }

  #set(entry: DeltaTotal, total: Counted, lastMs: number): void {
    const weight = weightOf(total);
    this.#weight += weight - entry.weight;
    entry.total = total;
    entry.lastMs = lastMs;
    entry.weight = weight;
  }
}

function weightOf(total: Counted): number {
  if (typeof total === "number") return 1;
  const { positive, negative, customValues } = total;
  const buckets = positive.counts.length + negative.counts.length + customValues.length;
  return 1 + Math.ceil(buckets / bucketsPerWeight);
}

/** A difference of another kind, or of other bounds, cannot be added: it begins anew. */
function sumOf(total: Counted, difference: Counted): Counted {
  if (typeof total === "number" || typeof difference === "number")
    return typeof total === typeof difference ? Number(total) + Number(difference) : difference;
  const sum = addHistograms(total, difference);
  if (sum === undefined || sum.reconciledBounds) return difference;
  return usesCustomBuckets(difference) ? sum.histogram : narrowed(sum.histogram);
}

/** What is left when a difference is taken out from under others; nothing of it where the kinds differ. */
function differenceOf(total: Counted, added: Counted): Counted {
  if (typeof total === "number" || typeof added === "number")
    return typeof total === typeof added ? Number(total) - Number(added) : total;
  const rest = subtractHistograms(total, added);
  if (rest === undefined || rest.reconciledBounds) return total;
  return { ...rest.histogram, counterResetHint: "unknown" };
}

function narrowed(histogram: Histogram): Histogram {
  let layout = layoutOf(histogram);
  while (
    layout.schema > schemaMin &&
    Math.max(spanOf(layout.positive), spanOf(layout.negative)) >= bucketSpanMax
  )
    layout = reduceResolution(layout, layout.schema - 1);
  return layout.schema === histogram.schema ? histogram : histogramFromLayout(histogram, layout);
}

function spanOf({ indices }: { readonly indices: Int32Array }): number {
  return (indices.at(-1) ?? 0) - (indices[0] ?? 0);
}
