import type { Lane } from "./query_service.ts";

/** Sums over lanes, in items: collected = stored + inFlight + dropped, or else `unexplained` is not 0. */
export type Account = {
  readonly collected: number;
  readonly stored: number;
  readonly inFlight: number;
  readonly dropped: number;
  /** Largest first. */
  readonly reasons: readonly (readonly [reason: string, count: number])[];
  readonly unexplained: number;
  /** How old the newest item that can be queried is while newer ones are known of, as far as known. */
  readonly behindMs: number;
};

/** The lanes together: of one host, of one signal, or of all. */
export function sumLanes(lanes: readonly Lane[]): Account {
  let [collected, stored, inFlight, behindMs] = [0, 0, 0, 0];
  const byReason = new Map<string, number>();
  for (const lane of lanes) {
    collected += lane.collected;
    stored += lane.stored;
    inFlight += lane.inFlight;
    behindMs = Math.max(behindMs, lane.behindMs);
    for (const [reason, count] of Object.entries(lane.dropped)) {
      if (count > 0) byReason.set(reason, (byReason.get(reason) ?? 0) + count);
    }
  }
  const reasons = [...byReason].toSorted((a, b) => b[1] - a[1]);
  const dropped = reasons.reduce((sum, [, count]) => sum + count, 0);
  const unexplained = collected - stored - inFlight - dropped;
  return { collected, stored, inFlight, dropped, reasons, unexplained, behindMs };
}

/** "spool_full" as people say it. */
export function reasonWords(reason: string): string {
  return reason.replaceAll("_", " ");
}
