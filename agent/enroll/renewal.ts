import { type KeyPair, createUser } from "nkeys.js";
import { claimsOf } from "#proto/fleet/credentials.ts";
import {
  RenewalAnswer,
  type RenewalRefusal,
  type RenewalRequest,
  confirmRequest,
  renewRequest,
  renewalPath,
} from "#proto/fleet/renewal.ts";
import { OperatingError, messageOf } from "#shared/errors.ts";

/** Hands a request to the aggregator and gives its answer. Throws where there is none. */
export type AskRenewal = (request: RenewalRequest) => Promise<RenewalAnswer>;

type Identity = { readonly tenant: string; readonly agent: string };

const requestTimeoutMs = 30_000;

const reasons: Readonly<Record<RenewalRefusal, string>> = {
  malformed: "it does not understand the request: is it of another version?",
  bad_signature: "the signature is not that of the key",
  unknown_key: "it does not know the key: revoke this agent there and enrol it again",
  revoked_key: "the key is revoked",
  expired_key: "the key ran out too long ago: revoke this agent there and enrol it again",
  known_key: "it knows the new key already",
  unavailable: "it can't renew now",
};

/** Has a new key signed in the place of `key`. Throws OperatingError "unavailable" with the reason. */
export async function renewKey(
  ask: AskRenewal,
  who: Identity,
  key: KeyPair,
): Promise<{ readonly jwt: string; readonly key: KeyPair }> {
  const fresh = createUser();
  const answer = await ask(renewRequest(who, key, fresh.getPublicKey()));
  if (!("jwt" in answer)) throw refusal(answer);
  if (claimsOf(answer.jwt)?.publicKey !== fresh.getPublicKey())
    throw new OperatingError("corrupt", "the aggregator signed another key than the new one");
  return { jwt: answer.jwt, key: fresh };
}

/** Says that the key is in use, which ends the one before. Throws OperatingError "unavailable" with the reason. */
export async function confirmKey(ask: AskRenewal, who: Identity, key: KeyPair): Promise<void> {
  const answer = await ask(confirmRequest(who, key));
  if (!("confirmed" in answer)) throw refusal(answer);
}

/** Over HTTP. */
export function askOverHttp(url: URL): AskRenewal {
  return async (request) => {
    try {
      const response = await fetch(new URL(renewalPath, url), {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify(request),
        redirect: "error",
        signal: AbortSignal.timeout(requestTimeoutMs),
      });
      const body: unknown = await response.json().catch(() => undefined);
      const answer = RenewalAnswer.safeParse(body);
      if (answer.success) return answer.data;
      throw new Error(`it answers ${response.status}`);
    } catch (cause) {
      const message = `${url.origin} can't be asked: ${messageOf(cause)}`;
      throw new OperatingError("unavailable", message, { cause });
    }
  };
}

function refusal(answer: RenewalAnswer): OperatingError {
  const reason = "refused" in answer ? reasons[answer.refused] : "it answers something else";
  return new OperatingError("unavailable", `the aggregator does not renew the key: ${reason}`);
}
