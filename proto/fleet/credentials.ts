import { z } from "zod";

/** The name in an agent's JWT: by it an agent knows credentials that the aggregator made for it, and may exchange. */
export function credentialsName(who: { readonly tenant: string; readonly agent: string }): string {
  return `lapwing agent ${who.tenant}/${who.agent}`;
}

/** What a JWT says of itself; whether it is true is for nats-server. Times are Unix ms. */
export type CredentialsClaims = {
  readonly name: string;
  readonly publicKey: string;
  readonly issuedMs: number;
  /** Absent: until revoked. */
  readonly expiresMs?: number;
};

const Claims = z
  .looseObject({ name: z.string(), sub: z.string(), iat: z.number(), exp: z.number().optional() })
  .transform(({ name, sub, iat, exp }) => ({
    name,
    publicKey: sub,
    issuedMs: iat * 1_000,
    ...(exp !== undefined && exp > 0 && { expiresMs: exp * 1_000 }),
  }));

/** undefined where the text is no JWT of a user. */
export function claimsOf(jwt: string): CredentialsClaims | undefined {
  const [, payload = "", ...rest] = jwt.split(".");
  if (rest.length !== 1) return undefined;
  try {
    return Claims.parse(JSON.parse(Buffer.from(payload, "base64url").toString("utf8")));
  } catch {
    return undefined;
  }
}

const section = /-{3,}BEGIN [^\n]*-{3,}\s+(\S+)\s+-{3,}END [^\n]*-{3,}/g;

/** JWT and seed of a file of credentials; undefined where it is none. */
export function parseCredentials(
  text: string,
): { readonly jwt: string; readonly seed: string } | undefined {
  const [jwt, seed] = [...text.matchAll(section)].map(([, body]) => body);
  return jwt === undefined || seed === undefined ? undefined : { jwt, seed };
}

/** As `nsc` writes them: https://docs.nats.io/using-nats/developer/connecting/creds. */
export function credentialsText({ jwt, seed }: { readonly jwt: string; readonly seed: string }) {
  return `-----BEGIN NATS USER JWT-----
${jwt}
------END NATS USER JWT------

-----BEGIN USER NKEY SEED-----
${seed}
------END USER NKEY SEED------
`;
}
