import type { TokenRow } from "../../client/fleet.ts";

/** In words, as the command line tells it. */
export function tokenState(
  { revokedMs, expiresMs, uses, usesMax }: TokenRow,
  nowMs: number,
): string {
  if (revokedMs !== undefined) return "revoked";
  if (expiresMs <= nowMs) return "expired";
  return uses < usesMax ? "in force" : "used up";
}
