import { createPrivateKey, createPublicKey, generateKeyPairSync, sign, verify } from "node:crypto";
import { OperatingError } from "#shared/errors.ts";

/**
 * Keys and signatures in minisign's format (https://jedisct1.github.io/minisign/#detailed-file-format): Ed25519 over the BLAKE2b-512 of the
 * bytes, and a second signature over the first and its comment. So `minisign -V` can check what is signed here, and `minisign -S` can
 * sign, with a password or on another machine. Of secret keys only those without a password are read.
 */
export type PublicKey = { readonly id: string; readonly bytes: Buffer };

const idBytes = 8;
const keyBytes = 32;
const signatureBytes = 64;
/** DER of an Ed25519 key up to its bytes: https://www.rfc-editor.org/rfc/rfc8410. */
const pkcs8Prefix = Buffer.from("302e020100300506032b657004220420", "hex");
const spkiPrefix = Buffer.from("302a300506032b6570032100", "hex");
const noPassword = Buffer.from([0, 0]);
const secretBytes = 2 + 2 + 2 + 32 + 8 + 8 + idBytes + 2 * keyBytes + 32;
/** Of a file of a signature, which comes over the network. */
const signatureTextMax = 2_048;

/** Texts of a new pair of files, the public one and the secret one. */
export function makeKeyPair(): { readonly publicText: string; readonly secretText: string } {
  const { privateKey, publicKey } = generateKeyPairSync("ed25519");
  const seed = privateKey.export({ type: "pkcs8", format: "der" }).subarray(pkcs8Prefix.length);
  const point = publicKey.export({ type: "spki", format: "der" }).subarray(spkiPrefix.length);
  const id = Buffer.from(crypto.getRandomValues(new Uint8Array(idBytes)));
  const algorithm = Buffer.from("Ed");
  const secret = Buffer.concat([seed, point]);
  const checksum = blake2b("blake2b256", Buffer.concat([algorithm, id, secret]));
  const salted = Buffer.alloc(32 + 8 + 8);
  const written = [algorithm, noPassword, Buffer.from("B2"), salted, id, secret, checksum];
  return {
    publicText: twoLines(
      `minisign public key ${idText(id)}`,
      Buffer.concat([algorithm, id, point]),
    ),
    secretText: twoLines("minisign secret key", Buffer.concat(written)),
  };
}

/** Of a public key's file, or its second line alone. Throws OperatingError "bad_request". */
export function parsePublicKey(text: string): PublicKey {
  const line = text.trim().split("\n").at(-1) ?? "";
  const bytes = Buffer.from(line.trim(), "base64");
  const key = bytes.subarray(2 + idBytes);
  if (bytes.subarray(0, 2).toString("latin1") !== "Ed" || key.length !== keyBytes)
    throw new OperatingError("bad_request", "expected a public key of minisign (RW...)");
  return { id: idText(bytes.subarray(2, 2 + idBytes)), bytes: key };
}

/** The signature's file. Throws OperatingError "bad_request" where the secret is none, or has a password. */
export function signMessage(message: Uint8Array, secretText: string, comment: string): string {
  const bytes = Buffer.from(secretText.trim().split("\n").at(-1) ?? "", "base64");
  if (bytes.length !== secretBytes || bytes.subarray(0, 2).toString("latin1") !== "Ed")
    throw new OperatingError("bad_request", "expected a secret key of minisign");
  if (!bytes.subarray(2, 4).equals(noPassword))
    throw new OperatingError(
      "bad_request",
      "the secret key has a password: sign with `minisign -S`",
    );
  const id = bytes.subarray(54, 54 + idBytes);
  const seed = bytes.subarray(54 + idBytes, 54 + idBytes + keyBytes);
  const der = Buffer.concat([pkcs8Prefix, seed]);
  const key = createPrivateKey({ key: der, format: "der", type: "pkcs8" });
  const signature = sign(null, blake2b("blake2b512", message), key);
  const whole = sign(null, Buffer.concat([signature, Buffer.from(comment)]), key);
  const signed = Buffer.concat([Buffer.from("ED"), id, signature]);
  const first = twoLines(`signature of lapwing, key ${idText(id)}`, signed);
  return `${first}trusted comment: ${comment}\n${whole.toString("base64")}\n`;
}

/** Whether one of the keys has signed exactly these bytes. Never throws. */
export function isSigned(
  message: Uint8Array,
  signatureText: string,
  keys: readonly PublicKey[],
): boolean {
  if (signatureText.length > signatureTextMax) return false;
  const shape =
    /^untrusted comment: [^\n]*\n([A-Za-z0-9+/=]+)\ntrusted comment: ([^\n]*)\n([A-Za-z0-9+/=]+)\n?$/;
  const [, first = "", comment = "", second = ""] = shape.exec(signatureText) ?? [];
  const bytes = exactBase64(first);
  const whole = exactBase64(second);
  if (bytes?.length !== 2 + idBytes + signatureBytes || whole?.length !== signatureBytes)
    return false;
  const algorithm = bytes.subarray(0, 2).toString("latin1");
  if (algorithm !== "ED" && algorithm !== "Ed") return false;
  const id = idText(bytes.subarray(2, 2 + idBytes));
  const signature = bytes.subarray(2 + idBytes);
  const signed = algorithm === "ED" ? blake2b("blake2b512", message) : message;
  return keys.some((key) => {
    if (key.id !== id) return false;
    const der = Buffer.concat([spkiPrefix, key.bytes]);
    try {
      const point = createPublicKey({ key: der, format: "der", type: "spki" });
      return (
        verify(null, signed, point, signature) &&
        verify(null, Buffer.concat([signature, Buffer.from(comment)]), point, whole)
      );
    } catch {
      return false;
    }
  });
}

/** Only the one way to write them: a signature has one text. */
function exactBase64(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, "base64");
  return bytes.toString("base64") === text ? bytes : undefined;
}

/** As minisign prints it: the number whose lowest byte comes first. */
function idText(id: Uint8Array): string {
  return Buffer.from(id.toReversed()).toString("hex").toUpperCase();
}

function twoLines(comment: string, bytes: Uint8Array): string {
  return `untrusted comment: ${comment}\n${Buffer.from(bytes).toString("base64")}\n`;
}

function blake2b(algorithm: "blake2b256" | "blake2b512", bytes: Uint8Array): Buffer {
  return Buffer.from(new Bun.CryptoHasher(algorithm).update(bytes).digest());
}
