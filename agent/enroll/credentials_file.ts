import { readFile } from "node:fs/promises";
import { type KeyPair, fromSeed } from "nkeys.js";
import {
  type CredentialsClaims,
  claimsOf,
  credentialsText,
  parseCredentials,
} from "#proto/fleet/credentials.ts";
import { OperatingError, messageOf } from "#shared/errors.ts";
import { writePrivate } from "./private_file.ts";

/** What an agent connects with. */
export type Credentials = { readonly key: KeyPair; readonly claims: CredentialsClaims };

/** Throws OperatingError "not_found" or "corrupt", which name the file and show nothing of it. */
export async function readCredentials(path: string): Promise<Credentials> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (cause) {
    throw new OperatingError("not_found", `${path} can't be read: ${messageOf(cause)}`, { cause });
  }
  const { jwt, seed } = parseCredentials(text) ?? { jwt: "", seed: "" };
  const claims = claimsOf(jwt);
  const key = keyOf(seed);
  if (claims === undefined || key?.getPublicKey() !== claims.publicKey)
    throw new OperatingError("corrupt", `${path} holds no credentials of a NATS user`);
  return { key, claims };
}

/** Takes the place of what was there at once. Throws OperatingError "no_space". */
export function writeCredentials(path: string, jwt: string, key: KeyPair): Promise<void> {
  return writePrivate(path, textOf(jwt, key));
}

/** As the file holds them. */
export function textOf(jwt: string, key: KeyPair): string {
  return credentialsText({ jwt, seed: Buffer.from(key.getSeed()).toString("utf8") });
}

function keyOf(seed: string): KeyPair | undefined {
  try {
    return fromSeed(Buffer.from(seed));
  } catch {
    // The text is a secret.
    return undefined;
  }
}
