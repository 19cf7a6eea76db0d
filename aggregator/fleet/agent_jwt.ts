import { createHash } from "node:crypto";
import { encodeUser } from "nats-jwt";
import { agentRights } from "#proto/bus/subjects.ts";
import { credentialsName } from "#proto/fleet/credentials.ts";
import type { OperatorKeys } from "./operator_keys.ts";

/** An agent answers an order once, within this time. */
const answerTtlNs = 10_000_000_000;

/**
 * Tells the rights that agentJwt() gives from those of other releases: an agent whose credentials have others exchanges them, so that one that was
 * enrolled before there was a signal may send it.
 */
export function rightsMark(): string {
  const rights = JSON.stringify(agentRights({ tenant: "any", agent: "any" }));
  return createHash("sha256").update(rights).digest("hex").slice(0, 16);
}

/**
 * What an agent connects with, together with its private key: it may send what is its own, take its own orders and answers, and
 * nothing else. Valid until `expiresMs` (Unix ms, whole seconds), or until revoked.
 */
export function agentJwt(
  keys: OperatorKeys,
  agent: { readonly tenant: string; readonly agent: string; readonly publicKey: string },
  expiresMs: number,
  { publish, subscribe } = agentRights(agent),
): Promise<string> {
  const rights = {
    issuer_account: keys.account,
    pub: { allow: publish, deny: [] },
    sub: { allow: subscribe, deny: [] },
    resp: { max: 1, ttl: answerTtlNs },
    subs: -1,
    data: -1,
    payload: -1,
  };
  const exp = Math.floor(expiresMs / 1_000);
  return encodeUser(credentialsName(agent), agent.publicKey, keys.signing, rights, { exp });
}
