import { createPrivateKey, sign } from "node:crypto";
import type { VapidKeys } from "../push_devices.ts";

/** How long a token holds; RFC 8292 allows 24 hours. */
const tokenMs = 12 * 3_600_000;

/**
 * The header Authorization that names the sender to a push service (RFC 8292): a token signed with ES256, and the key. `contact` is where the
 * push service reaches the operator of this server, a mailto: or https: URL.
 */
export function vapidHeader(
  endpoint: string,
  { publicKey, privateKey }: VapidKeys,
  contact: string,
  nowMs: number,
): string {
  const claims = {
    aud: new URL(endpoint).origin,
    exp: Math.floor((nowMs + tokenMs) / 1_000),
    sub: contact,
  };
  const signed = [{ typ: "JWT", alg: "ES256" }, claims].map(encoded).join(".");
  const point = Buffer.from(publicKey, "base64url");
  const key = createPrivateKey({
    format: "jwk",
    key: {
      kty: "EC",
      crv: "P-256",
      x: point.subarray(1, 33).toString("base64url"),
      y: point.subarray(33).toString("base64url"),
      d: privateKey,
    },
  });
  const signature = sign("sha256", Buffer.from(signed), { key, dsaEncoding: "ieee-p1363" });
  return `vapid t=${signed}.${signature.toString("base64url")}, k=${publicKey}`;
}

function encoded(part: object): string {
  return Buffer.from(JSON.stringify(part)).toString("base64url");
}
