import { createDecipheriv, createHash, createHmac, timingSafeEqual } from "node:crypto";

/** What is asked of a packet, in the order of what it takes. */
export const securityLevels = ["none", "sign", "encrypt"] as const;
export type SecurityLevel = (typeof securityLevels)[number];

const [macBytes, vectorBytes, checksumBytes] = [32, 16, 20];

/** Passwords by user names. */
export type Users = ReadonlyMap<string, string>;

/**
 * Whether a signature is right: HMAC-SHA-256 by the user's password over its name and all that follows the part
 * (github.com/collectd/collectd, wiki "Binary protocol").
 */
export function isSigned(part: Buffer, behind: Buffer, users: Users): boolean {
  if (part.length <= macBytes) return false;
  const name = part.subarray(macBytes);
  const password = users.get(name.toString());
  if (password === undefined) return false;
  const mac = createHmac("sha256", password).update(name).update(behind).digest();
  return timingSafeEqual(mac, part.subarray(0, macBytes));
}

/**
 * What an encrypted part holds: AES-256 in OFB by the SHA-256 of the password, the SHA-1 of the text before it. Undefined where it can't be
 * read, or was made with another password.
 */
export function decrypted(part: Buffer, users: Users): Buffer | undefined {
  if (part.length < 2) return undefined;
  const nameEnd = 2 + part.readUInt16BE(0);
  const vectorEnd = nameEnd + vectorBytes;
  if (part.length < vectorEnd + checksumBytes) return undefined;
  const password = users.get(part.toString("utf8", 2, nameEnd));
  if (password === undefined) return undefined;
  const key = createHash("sha256").update(password).digest();
  const cipher = createDecipheriv("aes-256-ofb", key, part.subarray(nameEnd, vectorEnd));
  const text = Buffer.concat([cipher.update(part.subarray(vectorEnd)), cipher.final()]);
  const checksum = createHash("sha1").update(text.subarray(checksumBytes)).digest();
  if (!timingSafeEqual(checksum, text.subarray(0, checksumBytes))) return undefined;
  return text.subarray(checksumBytes);
}
