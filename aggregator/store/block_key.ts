import type { Signal } from "#shared/model/position.ts";

/** Key of a block: hive-style folders, so that other engines can prune by tenant, signal and day (UTC, of its first item). */
export function blockKey(tenant: string, signal: Signal, minMs: number, id: string): string {
  return `tenant=${safeSegment(tenant)}/signal=${signal}/date=${dateOf(minMs)}/${id}.parquet`;
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

/** The other way round: tenant, signal and id of a block's key, or undefined for an object of another kind. */
export function blockOfKey(
  key: string,
): { readonly tenant: string; readonly signal: Signal; readonly id: string } | undefined {
  const pattern =
    /^tenant=(?<tenant>[^/]+)\/signal=(?<signal>metrics|logs)\/date=[^/]+\/(?<id>[0-9a-f-]+)\.parquet$/;
  const { tenant, signal, id } = pattern.exec(key)?.groups ?? {};
  if (tenant === undefined || id === undefined) return undefined;
  const escaped = tenant.replaceAll(/~([0-9A-F]{2})/g, "%$1");
  return {
    tenant: decodeURIComponent(escaped),
    signal: signal === "logs" ? "logs" : "metrics",
    id,
  };
}
