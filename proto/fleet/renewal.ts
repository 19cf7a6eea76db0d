import { fromPublic, type KeyPair } from "nkeys.js";
import { z } from "zod";
import { AgentId, UserKey } from "./enrolment.ts";

/** Where an aggregator takes renewals over HTTP, for agents whose credentials have run out: POST, JSON both ways. */
export const renewalPath = "/api/v1/fleet/renew";

const common = {
  tenant: z.string().min(1).max(63),
  agent: AgentId,
  /** The key that the request is signed by. */
  key: UserKey,
  /** Of `signedText`, base64url. */
  signature: z.string().min(1).max(200),
};

/**
 * An agent exchanges its credentials in two steps: `renew` asks for a JWT for a new key and is signed by the old one; `confirm` says that
 * the new one is in use, is signed by it, and ends the old one. Each may be repeated. A request that somebody else repeats gets a JWT
 * that is of use only with the private key, which never leaves the host.
 */
export const RenewalRequest = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("renew"), ...common, new_key: UserKey }),
  z.strictObject({ kind: z.literal("confirm"), ...common }),
]);
export type RenewalRequest = z.output<typeof RenewalRequest>;

/** Why a key is not renewed. Only the last is worth another attempt. */
export const RenewalRefusal = z.enum([
  "malformed",
  "bad_signature",
  "unknown_key",
  "revoked_key",
  "expired_key",
  "known_key",
  "unavailable",
]);
export type RenewalRefusal = z.output<typeof RenewalRefusal>;

export const RenewalAnswer = z.union([
  z.object({ refused: RenewalRefusal }),
  z.object({ jwt: z.string().min(1) }),
  z.object({ confirmed: z.literal(true) }),
]);
export type RenewalAnswer = z.output<typeof RenewalAnswer>;

type Identity = { readonly tenant: string; readonly agent: string };

/** Signed by the key in use. */
export function renewRequest(
  { tenant, agent }: Identity,
  key: KeyPair,
  newKey: string,
): RenewalRequest {
  const who = { tenant, agent, key: key.getPublicKey() };
  const request = { kind: "renew", ...who, new_key: newKey } as const;
  return { ...request, signature: signatureOf(request, key) };
}

/** Signed by the new key. */
export function confirmRequest({ tenant, agent }: Identity, key: KeyPair): RenewalRequest {
  const request = { kind: "confirm", tenant, agent, key: key.getPublicKey() } as const;
  return { ...request, signature: signatureOf(request, key) };
}

/** Whether the holder of `key` made the request. */
export function isSignedByItsKey(request: RenewalRequest): boolean {
  const signature = Buffer.from(request.signature, "base64url");
  try {
    return fromPublic(request.key).verify(signedText(request), signature);
  } catch {
    return false;
  }
}

function signatureOf(request: Unsigned, key: KeyPair): string {
  return Buffer.from(key.sign(signedText(request))).toString("base64url");
}

type Unsigned =
  | { kind: "renew"; tenant: string; agent: string; key: string; new_key: string }
  | { kind: "confirm"; tenant: string; agent: string; key: string };

/** One part a line; none of them can hold a line's end. */
function signedText(request: Unsigned): Uint8Array {
  const { kind, tenant, agent, key } = request;
  const last = request.kind === "renew" ? request.new_key : "";
  return Buffer.from([`lapwing ${kind} 1`, tenant, agent, key, last].join("\n"));
}
