import type { Block } from "../../read/store.ts";

/** What maintenance makes of a tier at a time: a UTC day. Every bucket's width divides it. */
export const windowMs = 86_400_000;

/**
 * Buckets and windows are open at the left and closed at the right, as PromQL's ranges are: a bucket of a minute holds the samples of
 * (12:00:00, 12:01:00], so that a range that ends on a full minute is made of whole buckets.
 */
export function bucketEnd(timeMs: number, bucketMs: number): number {
  return Math.ceil(timeMs / bucketMs) * bucketMs;
}

/** The start of the window that a time lies in. */
export function windowStart(timeMs: number): number {
  return bucketEnd(timeMs, windowMs) - windowMs;
}

/** Starts of the windows that a span touches, both its ends inclusive, ascending. */
export function windowsOf({ minMs, maxMs }: SpanMs): number[] {
  const starts: number[] = [];
  for (let start = windowStart(minMs); start < maxMs; start += windowMs) starts.push(start);
  return starts;
}

type SpanMs = { readonly minMs: number; readonly maxMs: number };

/** Whether all that a block holds of a window, given by its start, is in the next tier. */
export function isIn({ tiered = [] }: Pick<Block, "tiered">, startMs: number): boolean {
  return tiered.includes(startMs);
}

/** Whether a span touches a window, given by its start. */
export function reaches({ minMs, maxMs }: SpanMs, startMs: number): boolean {
  return maxMs > startMs && minMs <= startMs + windowMs;
}
