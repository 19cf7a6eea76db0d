import type {
  HeadItems,
  Storage,
  StorageShare,
  StorageVolume,
} from "../../client/storage/data_service.ts";
import { formatAgo, formatCount, formatSpan, formatValue } from "../../units/format.ts";
import { type BuiltInSignal, signalOf } from "#shared/signals.ts";

const dayMs = 86_400_000;

/** What is stored of a signal without buckets. */
const tierNames: Readonly<Record<BuiltInSignal, string>> = {
  metrics: "as collected",
  logs: "lines",
};

/** "as collected", "5 min buckets": how fine a share is. */
export function tierName({ signal, bucketMs }: Pick<StorageShare, "signal" | "bucketMs">): string {
  if (bucketMs > 0) return `${formatSpan(bucketMs)} buckets`;
  const known = signalOf(signal);
  return known === undefined ? signal : tierNames[known];
}

/** What one of its items takes. NaN where there are none. */
export function bytesPerItem({ bytes, items }: StorageShare): number {
  return items > 0 ? bytes / items : Number.NaN;
}

/**
 * How much it grows in a day, by what its blocks hold over their time. NaN where they reach over less than an hour: that tells nothing
 * of a day. A share at its retention grows no more.
 */
export function growthPerDay(share: StorageShare): number {
  const { bytes, oldestMs, newestMs, retentionMs } = share;
  const spanMs = newestMs - oldestMs;
  if (spanMs < 3_600_000) return Number.NaN;
  if (retentionMs > 0 && spanMs >= retentionMs) return 0;
  return (bytes / spanMs) * dayMs;
}

export type Forecast =
  | { readonly kind: "unknown" }
  /** All is at its retention, or what is still to come has room. */
  | { readonly kind: "fits" }
  | { readonly kind: "full"; readonly days: number };

/**
 * When the room for blocks is full. Each share grows by its rate until it is at its retention; what it takes then is known, so that
 * a store that stays within its room is told from one that does not.
 */
export function forecast(
  shares: readonly StorageShare[],
  volume: Pick<StorageVolume, "freeBytes"> | undefined,
): Forecast {
  if (volume === undefined || shares.length === 0) return { kind: "unknown" };
  const growing = shares.flatMap((share) => {
    const perDay = growthPerDay(share);
    if (Number.isNaN(perDay) || perDay <= 0) return [];
    const { retentionMs, newestMs, oldestMs } = share;
    const days =
      retentionMs > 0 ? (retentionMs - (newestMs - oldestMs)) / dayMs : Number.POSITIVE_INFINITY;
    return [{ perDay, days }];
  });
  if (growing.length === 0) {
    const isKnown = shares.every((share) => !Number.isNaN(growthPerDay(share)));
    return { kind: isKnown ? "fits" : "unknown" };
  }
  let [free, day] = [volume.freeBytes, 0];
  const ends = growing.map(({ days }) => days).toSorted((a, b) => a - b);
  for (const end of ends) {
    const perDay = growing.reduce((sum, each) => sum + (each.days > day ? each.perDay : 0), 0);
    if (perDay <= 0) break;
    if (free <= perDay * (end - day)) return { kind: "full", days: day + free / perDay };
    free -= perDay * (end - day);
    day = end;
  }
  return { kind: "fits" };
}

/** Where blocks lie; an object store elsewhere has no volume. */
export function blockVolume(volumes: readonly StorageVolume[]): StorageVolume | undefined {
  return volumes.find(({ name }) => name === "blocks");
}

/** "full in about 12 days at this rate". */
export function forecastWords(told: Forecast): string {
  if (told.kind === "unknown") return "too young to tell when it is full";
  if (told.kind === "fits") return "stays within its room: retention ends before it is full";
  if (told.days > 3_650) return "not full within 10 years at this rate";
  const days = told.days < 10 ? Math.round(told.days * 10) / 10 : Math.round(told.days);
  return `full in about ${days} ${days === 1 ? "day" : "days"} at this rate`;
}

/** "120 series, 4.1 M samples, 80 k lines": what is in memory of each signal that the server names. */
export function headWords({ series, items }: Storage["head"]): string {
  const words = items.map((one) => `${formatValue(one.items, "count")} ${one.unit}`);
  return [`${formatCount(series)} series`, ...words].join(", ");
}

/** "1 200 samples, 30 lines": items that left the blocks, by signal. `units` names those of the server's signals. */
export function removedWords(
  removed: Storage["removed"],
  units: readonly Pick<HeadItems, "signal" | "unit">[],
): string {
  const sums = new Map<string, number>();
  for (const { signal, items } of removed) sums.set(signal, (sums.get(signal) ?? 0) + items);
  return [...sums]
    .map(([signal, items]) => {
      const unit = units.find((one) => one.signal === signal)?.unit ?? signal;
      return `${formatCount(items)} ${unit}`;
    })
    .join(", ");
}

/** "compared 2 h ago", "40 % compared": how far the scrub is. */
export function scrubWords(
  {
    scrubbedMs,
    scrubDoneBytes,
    scrubTotalBytes,
  }: Pick<Storage, "scrubbedMs" | "scrubDoneBytes" | "scrubTotalBytes">,
  nowMs: number,
): string {
  const last = scrubbedMs === 0 ? "" : `compared ${formatAgo(scrubbedMs, nowMs)}`;
  if (scrubTotalBytes === 0) return last === "" ? "not compared yet" : last;
  const share = `${Math.floor((scrubDoneBytes / scrubTotalBytes) * 100)} % compared`;
  return last === "" ? share : `${share}, all ${last}`;
}
