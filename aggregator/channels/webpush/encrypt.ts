import { createCipheriv, createECDH, hkdfSync, randomBytes } from "node:crypto";

/** The browser's half: its public key, and the secret that only it and this server know. */
export type Recipient = { readonly p256dh: Uint8Array; readonly auth: Uint8Array };

/** What is drawn anew for each message. */
export type MessageKeys = { readonly privateKey?: Uint8Array; readonly salt: Uint8Array };

/** One record holds the whole message (RFC 8291, section 4). */
const recordBytes = 4_096;
const [saltBytes, keyBytes, nonceBytes, tagBytes] = [16, 16, 12, 16];
const pointBytes = 65;
/** Of a text: the header, the delimiter and the tag take the rest of what push services must take. */
export const plainBytesMax = recordBytes - (saltBytes + 4 + 1 + pointBytes) - 1 - tagBytes;

/**
 * Encrypts a message for a browser: content coding aes128gcm (RFC 8188) with keys by RFC 8291. Throws where the browser's key is no point of
 * the curve.
 */
export function encryptPush(
  plain: Uint8Array,
  { p256dh, auth }: Recipient,
  { privateKey, salt }: MessageKeys = { salt: randomBytes(saltBytes) },
): Uint8Array<ArrayBuffer> {
  const own = createECDH("prime256v1");
  if (privateKey === undefined) own.generateKeys();
  else own.setPrivateKey(privateKey);
  const [shared, ownPoint] = [own.computeSecret(p256dh), own.getPublicKey()];
  const keyInfo = Buffer.concat([Buffer.from("WebPush: info\0"), p256dh, ownPoint]);
  const input = hkdf(shared, auth, keyInfo, 32);
  const key = hkdf(input, salt, Buffer.from("Content-Encoding: aes128gcm\0"), keyBytes);
  const nonce = hkdf(input, salt, Buffer.from("Content-Encoding: nonce\0"), nonceBytes);
  const cipher = createCipheriv("aes-128-gcm", key, nonce);
  const head = Buffer.alloc(saltBytes + 5);
  head.set(salt);
  head.writeUInt32BE(recordBytes, saltBytes);
  head[saltBytes + 4] = ownPoint.length;
  // 2 marks the end of the last record.
  const sealed = [cipher.update(plain), cipher.update(Uint8Array.of(2)), cipher.final()];
  return new Uint8Array(Buffer.concat([head, ownPoint, ...sealed, cipher.getAuthTag()]));
}

function hkdf(input: Uint8Array, salt: Uint8Array, info: Uint8Array, length: number): Uint8Array {
  return new Uint8Array(hkdfSync("sha256", input, salt, info, length));
}
