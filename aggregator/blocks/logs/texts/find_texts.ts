// Hot: guarded by `bench search`.
import { bufferOf, passes, passesAt, type TextTest } from "./text_tests.ts";

/** Shorter ones are everywhere, so that texts are tested one by one that are to begin or end with them. */
const searchedBytesMin = 3;

/** Numbers of the texts that pass a test, ascending; `ends` are those of the texts in the bytes. */
export function valuesWith(test: TextTest, bytes: Uint8Array, ends: Uint32Array): number[] {
  const found: number[] = [];
  if (test.is !== "within" && test.bytes.length < searchedBytesMin) {
    let start = 0;
    for (let value = 0; value < ends.length; value++) {
      const end = ends[value] ?? 0;
      if (passes(test, bytes, start, end)) found.push(value);
      start = end;
    }
    return found;
  }
  const all = bufferOf(bytes);
  let value = 0;
  for (let at = all.indexOf(test.bytes); at >= 0;) {
    // The text that holds the first byte.
    value = firstFrom(ends, at + 1, value);
    const end = ends[value] ?? 0;
    const start = value === 0 ? 0 : (ends[value - 1] ?? 0);
    const isFound = passesAt(test, at, test.bytes.length, start, end);
    if (isFound) found.push(value);
    at = all.indexOf(test.bytes, isFound ? end : at + 1);
  }
  return found;
}

/** The first index from `from` on whose value is at least `wanted`; near ones are found soonest. */
export function firstFrom(sorted: Uint32Array, wanted: number, from: number): number {
  if (from >= sorted.length || (sorted[from] ?? 0) >= wanted) return from;
  let step = 1;
  let low = from;
  while ((sorted[low + step] ?? Infinity) < wanted) {
    low += step;
    step *= 2;
  }
  let high = Math.min(sorted.length, low + step);
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((sorted[middle] ?? 0) < wanted) low = middle + 1;
    else high = middle;
  }
  return low;
}
