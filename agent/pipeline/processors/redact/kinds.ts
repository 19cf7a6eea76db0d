/** What is recognised, by the names that the configuration gives it. */
export const secretKinds = [
  "email",
  "phone",
  "card",
  "ssn",
  "iban",
  "ipv4",
  "ipv6",
  "bearer",
  "jwt",
  "cloud_key",
  "private_key",
] as const;
export type SecretKind = (typeof secretKinds)[number];

const alphanumeric = 1;
const digit = 2;
const hex = 4;
const token = 8;
const mail = 16;

/** Classes of bytes, as bits. Bytes of UTF-8 beyond ASCII belong to words. */
const classes = new Uint8Array(256);
for (let byte = 0; byte < 256; byte++) {
  const inNumber = byte >= 48 && byte <= 57;
  const lower = byte | 32;
  const isLetter = lower >= 97 && lower <= 122;
  let bits = 0;
  if (inNumber || isLetter || byte >= 128) bits |= alphanumeric;
  if (inNumber) bits |= digit;
  if (inNumber || (lower >= 97 && lower <= 102)) bits |= hex;
  // base64url and base64, and what else stands in tokens (RFC 6750 section 2.1).
  if (inNumber || isLetter || "-._~+/=".includes(String.fromCharCode(byte))) bits |= token;
  if (inNumber || isLetter || ".!#$%&'*+/=?^_`{|}~-".includes(String.fromCharCode(byte)))
    bits |= mail;
  classes[byte] = bits;
}

export function isAlphanumeric(byte: number | undefined): boolean {
  return byte !== undefined && ((classes[byte] ?? 0) & alphanumeric) !== 0;
}
export function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && ((classes[byte] ?? 0) & digit) !== 0;
}
export function isHex(byte: number | undefined): boolean {
  return byte !== undefined && ((classes[byte] ?? 0) & hex) !== 0;
}
/** A byte of a bearer token. */
export function isToken(byte: number | undefined): boolean {
  return byte !== undefined && ((classes[byte] ?? 0) & token) !== 0;
}
/** A byte of the part of an address before "@" (RFC 5322's atext, and the dot). */
export function isMailName(byte: number | undefined): boolean {
  return byte !== undefined && ((classes[byte] ?? 0) & mail) !== 0;
}
/** Letters, digits, "_" and "-". */
export function isWordOrDash(byte: number | undefined): boolean {
  return isAlphanumeric(byte) || byte === 45 || byte === 95;
}
