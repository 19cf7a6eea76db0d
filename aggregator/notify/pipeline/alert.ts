import type { Labels } from "#shared/model/labels.ts";
import { fingerprintOf } from "../routing/label_sets.ts";

/** An alert as it was received and merged. Times are Unix milliseconds. */
export type ReceivedAlert = {
  readonly fingerprint: string;
  readonly labels: Labels;
  readonly annotations: Labels;
  readonly startsAtMs: number;
  /** It is resolved from then on. */
  readonly endsAtMs: number;
  readonly updatedAtMs: number;
  readonly generatorUrl: string;
  /** Whether its sender named no end: it ends unless it comes again. */
  readonly hasTimeout: boolean;
};

/** What a sender says of an alert. */
export type PostedAlert = {
  readonly labels: Labels;
  readonly annotations: Labels;
  readonly startsAtMs?: number | undefined;
  readonly endsAtMs?: number | undefined;
  readonly generatorUrl: string;
};

/** Fills in what a sender left out (Alertmanager, api/v2/api.go). Labels without a value are left out. */
export function receivedAlert(
  posted: PostedAlert,
  nowMs: number,
  resolveTimeoutMs: number,
): ReceivedAlert {
  const labels = withoutEmpty(posted.labels);
  const { startsAtMs, endsAtMs, annotations, generatorUrl } = posted;
  return {
    fingerprint: fingerprintOf(labels),
    labels,
    annotations,
    startsAtMs: startsAtMs ?? endsAtMs ?? nowMs,
    endsAtMs: endsAtMs ?? nowMs + resolveTimeoutMs,
    updatedAtMs: nowMs,
    generatorUrl,
    hasTimeout: endsAtMs === undefined,
  };
}

/** What is wrong with an alert, or undefined. */
export function alertFault({ labels, startsAtMs, endsAtMs }: ReceivedAlert): string | undefined {
  if (endsAtMs < startsAtMs) return "start time must be before end time";
  if (Object.keys(labels).length === 0) return "at least one label pair required";
  if (Object.hasOwn(labels, "")) return 'invalid label set: invalid name ""';
  return undefined;
}

export function isResolved({ endsAtMs }: ReceivedAlert, nowMs: number): boolean {
  return endsAtMs <= nowMs;
}

/** The fingerprint of one that is not resolved. */
export function firstFiring(
  alerts: ReadonlyMap<string, ReceivedAlert>,
  nowMs: number,
): string | undefined {
  for (const [fingerprint, alert] of alerts) if (!isResolved(alert, nowMs)) return fingerprint;
  return undefined;
}

/** An alert that is known and comes again: one life where the two overlap, else the new one (Alertmanager, provider/mem). */
export function mergedAlert(known: ReceivedAlert, added: ReceivedAlert): ReceivedAlert {
  const endsWithin = added.endsAtMs > known.startsAtMs && added.endsAtMs < known.endsAtMs;
  const startsWithin = added.startsAtMs > known.startsAtMs && added.startsAtMs < known.endsAtMs;
  if (!endsWithin && !startsWithin) return added;
  return added.updatedAtMs < known.updatedAtMs ? joined(added, known) : joined(known, added);
}

function joined(older: ReceivedAlert, newer: ReceivedAlert): ReceivedAlert {
  const startsAtMs = Math.min(older.startsAtMs, newer.startsAtMs);
  const nowMs = newer.updatedAtMs;
  // Of two resolved ones the later end counts; of firing ones a later end that the sender named.
  const takesOlderEnd = isResolved(newer, nowMs) ? isResolved(older, nowMs) : !older.hasTimeout;
  const endsAtMs = takesOlderEnd ? Math.max(older.endsAtMs, newer.endsAtMs) : newer.endsAtMs;
  return { ...newer, startsAtMs, endsAtMs };
}

function withoutEmpty(labels: Labels): Labels {
  if (!Object.values(labels).includes("")) return labels;
  return Object.fromEntries(Object.entries(labels).filter(([, value]) => value !== ""));
}
