import { connect, credsAuthenticator } from "nats";
import type { Account } from "nats-jwt";
import { decode, encodeAccount } from "nats-jwt";
import { z } from "zod";
import type { NatsConfig } from "#proto/bus/nats_config.ts";
import { connectionSettings } from "#proto/bus/nats_link.ts";
import { OperatingError, messageOf } from "#shared/errors.ts";
import type { OperatorKeys } from "./operator_keys.ts";

export type Revoked = { readonly publicKey: string; readonly revokedMs: number };

const requestTimeoutMs = 5_000;
const UpdateAnswer = z.looseObject({
  data: z.looseObject({ code: z.number() }).optional(),
  error: z.looseObject({ description: z.string().optional() }).optional(),
});

/**
 * Writes revoked keys into the account and hands it to nats-server, which cuts their connections and lets none in again. What the
 * account holds besides stays as the server has it. Throws OperatingError "unavailable" when the server did not take it.
 */
export async function pushRevocations(
  config: NatsConfig,
  keys: OperatorKeys,
  revoked: readonly Revoked[],
): Promise<void> {
  try {
    const nats = await connect({
      ...connectionSettings(config),
      name: "lapwing fleet",
      authenticator: credsAuthenticator(keys.systemCreds),
    });
    try {
      const ask = async (subject: string, text = "") =>
        (await nats.request(subject, text, { timeout: requestTimeoutMs })).string();
      const held = decode<Account>(await ask(`$SYS.REQ.ACCOUNT.${keys.account}.CLAIMS.LOOKUP`));
      const revocations = { ...held.nats.revocations };
      // A credential made in the second of its revocation falls under it, too.
      for (const { publicKey, revokedMs } of revoked)
        revocations[publicKey] = Math.max(
          revocations[publicKey] ?? 0,
          Math.ceil(revokedMs / 1_000),
        );
      const jwt = await encodeAccount(
        held.name,
        keys.account,
        { ...held.nats, revocations },
        { signer: keys.operator },
      );
      const answer = UpdateAnswer.parse(JSON.parse(await ask("$SYS.REQ.CLAIMS.UPDATE", jwt)));
      if (answer.data?.code !== 200)
        throw new Error(answer.error?.description ?? "the update was refused");
    } finally {
      await nats.close();
    }
  } catch (cause) {
    const message = `nats-server did not take the revocation: ${messageOf(cause)}`;
    throw new OperatingError("unavailable", message, { cause });
  }
}
