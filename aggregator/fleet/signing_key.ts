import { existsSync } from "node:fs";
import { rename } from "node:fs/promises";
import { join } from "node:path";
import type { Account } from "nats-jwt";
import { createAccount } from "nkeys.js";
import { z } from "zod";
import type { NatsConfig } from "#proto/bus/nats_config.ts";
import { OperatingError } from "#shared/errors.ts";
import type { Catalog } from "../catalog/catalog.ts";
import { changeAccount } from "./account_claims.ts";
import { type OperatorKeys, keyFiles, readKey, writeKeyFile } from "./operator_keys.ts";

/**
 * Makes another key that signs agents, has nats-server know it besides the old one, and then puts it in the old one's place. Killed anywhere,
 * it is run again. Throws OperatingError "bad_request" while an exchange is not finished, "unavailable" when nats-server did not take it.
 */
export async function beginSigningKey(
  config: NatsConfig,
  folder: string,
  keys: OperatorKeys,
): Promise<void> {
  const next = join(folder, keyFiles.nextSigning);
  if (!existsSync(next))
    await writeKeyFile(folder, keyFiles.nextSigning, createAccount().getSeed());
  const fresh = (await readKey(folder, keyFiles.nextSigning, "A")).getPublicKey();
  const old = keys.signing.getPublicKey();
  await changeAccount(config, keys, (held) => {
    const known = signingKeysOf(held);
    if (known.some((key) => key !== old && key !== fresh))
      throw new OperatingError(
        "bad_request",
        "an exchange of the signing key is not finished: run this with --finish first",
      );
    return known.includes(fresh) ? undefined : { ...held, signing_keys: [...known, fresh] };
  });
  await rename(next, join(folder, keyFiles.signing));
}

/** The account forgets all signing keys but the one in use: what they have signed is of no use any more. */
export function finishSigningKey(config: NatsConfig, keys: OperatorKeys): Promise<void> {
  const current = keys.signing.getPublicKey();
  return changeAccount(config, keys, (held) =>
    Bun.deepEquals(signingKeysOf(held), [current])
      ? undefined
      : { ...held, signing_keys: [current] },
  );
}

/** Agents that NATS would let in no more after finishSigningKey(): others have signed their credentials, which have not run out. */
export function agentsOfOtherSigners(
  catalog: Pick<Catalog, "transaction">,
  { signer, nowMs }: { readonly signer: string; readonly nowMs: number },
): Promise<{ agent: string; name: string }[]> {
  return catalog.transaction("read agents by signer", async (sql) =>
    z.array(z.object({ agent: z.string(), name: z.string() })).parse([
      ...(await sql`SELECT agent, name FROM enrolments
        WHERE revoked_ms IS NULL AND confirmed_ms IS NOT NULL
        AND (signer IS NULL OR signer <> ${signer}) AND (expires_ms IS NULL OR expires_ms > ${nowMs})
        ORDER BY name, agent`),
    ]),
  );
}

function signingKeysOf({ signing_keys: keys = [] }: Partial<Account>): string[] {
  return keys.map((key) => (typeof key === "string" ? key : key.key));
}
