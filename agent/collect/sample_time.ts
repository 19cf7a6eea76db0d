/** How late a reading may be and still carry its planned time: the bounds of Prometheus's scrape timestamps. */
const toleranceMaxMs = 2;
const toleranceShare = 0.01;

/**
 * The time of a sample that is read now, in whole Unix milliseconds. It is the planned time where the reading is on time, since equal distances
 * compress far better. In all other cases it is the time of the reading: a counter under an earlier time would make for a rate that never was.
 */
export function sampleTimeMs(nowMs: number, plannedMs: number, intervalMs: number): number {
  const toleranceMs = Math.min(toleranceMaxMs, intervalMs * toleranceShare);
  return Math.abs(nowMs - plannedMs) <= toleranceMs ? plannedMs : Math.round(nowMs);
}
