import { fromPublic } from "nkeys.js";
import { z } from "zod";

/** Where an aggregator takes enrolments: POST, JSON both ways. */
export const enrolmentPath = "/api/v1/fleet/enroll";

/** An agent's identity, as it lies beside its spool. */
export const AgentId = z.string().regex(/^[0-9a-f]{16}$/, "expected 16 hexadecimal digits");
/** An NKey of a user ("U..."). */
export const UserKey = z.string().refine(isUserKey, "expected the public NKey of a user");

/** What a host sends. The private key stays there: its public half is all that credentials are made of. */
export const EnrolmentRequest = z.strictObject({
  token: z.string().min(1).max(200),
  agent: AgentId,
  /** For people. */
  name: z.string().min(1).max(255),
  public_key: UserKey,
});
export type EnrolmentRequest = z.output<typeof EnrolmentRequest>;

/** What comes back: a JWT that is of use only with the private key, and what to start with. */
export const EnrolmentAnswer = z.object({
  jwt: z.string().min(1),
  tenant: z.string().min(1),
  servers: z.array(z.string().min(1)).min(1),
  labels: z.record(z.string(), z.string()),
  /** Who signs releases of the agent's program; none where the aggregator rolls out none. */
  release_keys: z.array(z.string()).default([]),
});
export type EnrolmentAnswer = z.output<typeof EnrolmentAnswer>;

/** Its checksum, too: a key that nobody can sign for would take a token's use. */
function isUserKey(text: string): boolean {
  try {
    return text.startsWith("U") && fromPublic(text).getPublicKey() === text;
  } catch {
    return false;
  }
}
