import { type Signal, isSignal } from "#shared/signals.ts";

/**
 * Key of a block: hive-style folders, so that other engines can prune by tenant, signal and day (UTC, of its first item).
 * Tiers have folders of their own, such as `signal=metrics_300s`.
 */
export function blockKey(
  tenant: string,
  signal: Signal,
  minMs: number,
  id: string,
  bucketMs = 0,
): string {
  const tier = bucketMs === 0 ? "" : `_${bucketMs / 1_000}s`;
  return `tenant=${safeSegment(tenant)}/signal=${signal}${tier}/date=${dateOf(minMs)}/${id}.parquet`;
}

/** Letters, digits, "_" and "-" as they are, other bytes of the UTF-8 text as ~XX: safe in a path, a bucket and a URL. */
function safeSegment(text: string): string {
  let safe = "";
  for (const byte of new TextEncoder().encode(text)) {
    const character = String.fromCharCode(byte);
    safe += /[A-Za-z0-9_-]/.test(character)
      ? character
      : `~${byte.toString(16).padStart(2, "0").toUpperCase()}`;
  }
  return safe;
}

function dateOf(ms: number): string {
  const date = new Date(ms);
  return Number.isNaN(date.getTime()) ? "unknown" : date.toISOString().slice(0, 10);
}

/** The other way round: what a block's key says, or undefined for an object of another kind. */
export function blockOfKey(key: string): BlockName | undefined {
  const pattern =
    /^tenant=(?<tenant>[^/]+)\/signal=(?<signal>[a-z]+)(?:_(?<bucket>[1-9]\d*)s)?\/date=[^/]+\/(?<id>[0-9a-f-]+)\.parquet$/;
  const { tenant, signal, id, bucket } = pattern.exec(key)?.groups ?? {};
  if (tenant === undefined || !isSignal(signal) || id === undefined) return undefined;
  const escaped = tenant.replaceAll(/~([0-9A-F]{2})/g, "%$1");
  const name = {
    tenant: decodeURIComponent(escaped),
    signal,
    id,
  };
  return bucket === undefined ? name : { ...name, bucketMs: Number(bucket) * 1_000 };
}

type BlockName = {
  readonly tenant: string;
  readonly signal: Signal;
  readonly id: string;
  readonly bucketMs?: number;
};
