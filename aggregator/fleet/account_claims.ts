import { connect, credsAuthenticator } from "nats";
import type { Account } from "nats-jwt";
import { decode, encodeAccount } from "nats-jwt";
import { z } from "zod";
import type { NatsConfig } from "#proto/bus/nats_config.ts";
import { connectionSettings } from "#proto/bus/nats_link.ts";
import { OperatingError, messageOf } from "#shared/errors.ts";
import type { OperatorKeys } from "./operator_keys.ts";

const requestTimeoutMs = 5_000;
/** Two processes may change the account at once, of which one then changes it again. */
const triesMax = 4;
const retryMs = 200;

const UpdateAnswer = z.looseObject({
  data: z.looseObject({ code: z.number() }).optional(),
  error: z.looseObject({ description: z.string().optional() }).optional(),
});

/**
 * Changes the account at nats-server, which has it take effect on connections at once. `change` gets the account as the server has it, and
 * gives undefined where it is as it should be; it is asked again after each change, and may throw an OperatingError of its own. Throws
 * OperatingError "unavailable" when the server did not take it.
 */
export async function changeAccount(
  config: NatsConfig,
  keys: OperatorKeys,
  change: (held: Partial<Account>) => Partial<Account> | undefined,
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
      for (let tries = 0; ; tries++) {
        const held = decode<Account>(await ask(`$SYS.REQ.ACCOUNT.${keys.account}.CLAIMS.LOOKUP`));
        const wanted = change(held.nats);
        if (wanted === undefined) return;
        if (tries === triesMax) throw new Error("the account does not stay as it was changed");
        if (tries > 0) await Bun.sleep(retryMs);
        const signer = { signer: keys.operator };
        const jwt = await encodeAccount(held.name, keys.account, wanted, signer);
        const answer = UpdateAnswer.parse(JSON.parse(await ask("$SYS.REQ.CLAIMS.UPDATE", jwt)));
        if (answer.data?.code !== 200)
          throw new Error(answer.error?.description ?? "the update was refused");
      }
    } finally {
      await nats.close();
    }
  } catch (cause) {
    if (cause instanceof OperatingError) throw cause;
    const message = `nats-server did not take the change: ${messageOf(cause)}`;
    throw new OperatingError("unavailable", message, { cause });
  }
}
