import type { NatsConfig } from "#proto/bus/nats_config.ts";
import type { Catalog } from "../catalog/catalog.ts";
import { changeAccount } from "./account_claims.ts";
import { type Revoked, markRevocationsSent, revokedKeys } from "./enrolments.ts";
import type { OperatorKeys } from "./operator_keys.ts";

/** Server and aggregator may differ so much on what time it is. */
const clockDifferenceMaxMs = 600_000;

/**
 * Writes all revoked keys of the catalog into the account and hands it to nats-server, which cuts their connections and lets none in
 * again. Removes those whose credentials have expired, unless the clock is in doubt: a clock ahead of time would let revoked agents in. What the
 * account holds besides stays as the server has it. Throws OperatingError "unavailable" when the server did not take it: then they stay
 * unsent in the catalog.
 */
export async function pushRevocations(
  config: NatsConfig,
  keys: OperatorKeys,
  catalog: Pick<Catalog, "transaction">,
  { nowMs, isClockTrusted }: { readonly nowMs: number; readonly isClockTrusted: boolean },
): Promise<void> {
  const revoked = await revokedKeys(catalog);
  const expiredBeforeMs = isClockTrusted ? nowMs - clockDifferenceMaxMs : -Infinity;
  await changeAccount(config, keys, (held) => {
    const { revocations: before = {} } = held;
    const revocations = revocationsOf(before, revoked, expiredBeforeMs);
    return Bun.deepEquals(revocations, before) ? undefined : { ...held, revocations };
  });
  const sent = revoked.filter(({ isSent }) => !isSent).map(({ publicKey }) => publicKey);
  if (sent.length > 0) await markRevocationsSent(catalog, sent, nowMs);
}

/** By public key: credentials that were made up to that time (Unix seconds) are of no use. */
export function revocationsOf(
  held: Readonly<Record<string, number>>,
  revoked: readonly Revoked[],
  expiredBeforeMs: number,
): Record<string, number> {
  const revocations = { ...held };
  for (const { publicKey, revokedMs, expiresMs } of revoked) {
    // A credential made in the second of its revocation falls under it, too.
    const since = Math.max(revocations[publicKey] ?? 0, Math.ceil(revokedMs / 1_000));
    if (expiresMs < expiredBeforeMs) delete revocations[publicKey];
    else revocations[publicKey] = since;
  }
  return revocations;
}
