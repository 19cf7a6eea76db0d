import { isAlphanumeric, isDigit, isMailName, isToken, isWordOrDash } from "./kinds.ts";

/** A secret that begins with words of its own, and how much of it there must be after them. */
type Prefixed = {
  readonly prefix: Uint8Array;
  readonly min: number;
  readonly max: number;
  readonly holds: (byte: number | undefined) => boolean;
  /** What stands before the secret itself is kept: `AccountKey=`. */
  readonly keepsPrefix: boolean;
};

const isUpperOrDigit = (byte: number | undefined) =>
  isDigit(byte) || (byte !== undefined && byte >= 65 && byte <= 90);
const encoder = new TextEncoder();
const prefixed = (
  prefix: string,
  min: number,
  max = min,
  holds: Prefixed["holds"] = isWordOrDash,
  keepsPrefix = false,
): Prefixed => ({ prefix: encoder.encode(prefix), min, max, holds, keepsPrefix });

/**
 * Keys of clouds and services, as their makers document the forms: AWS (IAM identifiers), Google (API keys, OAuth), Azure (storage),
 * GitHub and GitLab (token prefixes), Slack, Stripe, npm, and keys that begin with "sk-".
 */
const cloudKeys: readonly Prefixed[] = [
  ...["AKIA", "ASIA", "AROA", "AIDA", "AGPA", "ANPA"].map((prefix) =>
    prefixed(prefix, 16, 16, isUpperOrDigit),
  ),
  ...["aws_secret_access_key=", "aws_secret_access_key = ", 'aws_secret_access_key":"'].map(
    (prefix) => prefixed(prefix, 40, 40, isToken, true),
  ),
  prefixed("AIza", 35, 39),
  prefixed("ya29.", 20, 2_048, isToken),
  prefixed("AccountKey=", 40, 100, isToken, true),
  prefixed("SharedAccessKey=", 40, 100, isToken, true),
  ...["ghp_", "gho_", "ghu_", "ghs_", "ghr_"].map((prefix) => prefixed(prefix, 36, 255)),
  prefixed("github_pat_", 36, 255),
  prefixed("glpat-", 20, 255),
  ...["xoxb-", "xoxa-", "xoxp-", "xoxr-", "xoxs-", "xoxe-", "xapp-"].map((prefix) =>
    prefixed(prefix, 10, 255),
  ),
  ...["sk_live_", "rk_live_", "sk_test_", "rk_test_", "whsec_"].map((prefix) =>
    prefixed(prefix, 16, 255),
  ),
  prefixed("sk-", 20, 255),
  prefixed("npm_", 36),
];

/** By first byte, so that a line's letters are dismissed by one look at the second. */
const byFirst: (readonly Prefixed[] | undefined)[] = [];
/** 1 where a key may begin with these two bytes. */
const pairs = new Uint8Array(1 << 16);
for (const key of cloudKeys) {
  const [first = 0, second = 0] = key.prefix;
  byFirst[first] = [...(byFirst[first] ?? []), key];
  pairs[(first << 8) | second] = 1;
}

export const cloudKeyFirstBytes: readonly number[] = Object.keys(byFirst).map(Number);

export type Found = { start: number; end: number };

/** Whether a key of a cloud begins at `at`; where it stands goes into `found`. */
export function findCloudKey(bytes: Uint8Array, at: number, end: number, found: Found): boolean {
  const pair = ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
  if (at + 1 >= end || pairs[pair] === 0) return false;
  for (const { prefix, min, max, holds, keepsPrefix } of byFirst[bytes[at] ?? 0] ?? []) {
    if (!startsWith(bytes, at, end, prefix)) continue;
    const from = at + prefix.length;
    let next = from;
    while (next < end && next - from <= max && holds(bytes[next])) next++;
    if (next - from < min || next - from > max) continue;
    if (next < end && isAlphanumeric(bytes[next])) continue;
    found.start = keepsPrefix ? from : at;
    found.end = next;
    return true;
  }
  return false;
}

/** Azure's client secrets have "Q~" after a digit, three characters after their beginning; `at` is the "~". */
export function findAzureSecret(
  bytes: Uint8Array,
  at: number,
  start: number,
  end: number,
  found: Found,
): boolean {
  if (at - 5 < start || bytes[at - 1] !== 81 || !isDigit(bytes[at - 2])) return false;
  const begin = at - 5;
  let next = at + 1;
  while (next < end && (isWordOrDash(bytes[next]) || bytes[next] === 46 || bytes[next] === 126))
    next++;
  const length = next - at - 1;
  if (length < 31 || length > 34 || (begin > start && isAlphanumeric(bytes[begin - 1])))
    return false;
  found.start = begin;
  found.end = next;
  return true;
}

/** `eyJ...`, three parts of base64url with dots between (RFC 7519); `at` is the "J". The last part may be empty. */
export function findJwt(
  bytes: Uint8Array,
  at: number,
  start: number,
  end: number,
  found: Found,
): boolean {
  if (at - 2 < start || bytes[at - 1] !== 121 || bytes[at - 2] !== 101) return false;
  if (at - 3 >= start && isWordOrDash(bytes[at - 3])) return false;
  let next = at + 1;
  for (let part = 0; part < 3; part++) {
    const from = next;
    while (next < end && isWordOrDash(bytes[next])) next++;
    if (part < 2 && (next - from < 8 || next >= end || bytes[next++] !== 46)) return false;
  }
  found.start = at - 2;
  found.end = next;
  return true;
}

const schemes = ["bearer ", "basic "].map((scheme) => encoder.encode(scheme));

/** What follows `Bearer ` or `Basic ` (RFC 6750, RFC 7617), in any case; at least eight bytes of it. */
export function findBearer(bytes: Uint8Array, at: number, end: number, found: Found): boolean {
  const second = (bytes[at + 1] ?? 0) | 32;
  if (second !== 101 && second !== 97) return false;
  for (const scheme of schemes) {
    if (!startsWithAnyCase(bytes, at, end, scheme)) continue;
    const from = at + scheme.length;
    let next = from;
    let hasDigitOrCase = false;
    for (; next < end && isToken(bytes[next]); next++) {
      const byte = bytes[next] ?? 0;
      if (byte < 97 || byte > 122) hasDigitOrCase = true;
    }
    // "bearer authentication" is a sentence: a token has more than small letters, or is long.
    if (next - from < 8 || (!hasDigitOrCase && next - from < 24)) return false;
    found.start = from;
    found.end = next;
    return true;
  }
  return false;
}

/** name@host.tld around the "@" at `at`. */
export function findEmail(
  bytes: Uint8Array,
  at: number,
  start: number,
  end: number,
  found: Found,
): boolean {
  let begin = at;
  while (begin > start && at - begin < 65 && isMailName(bytes[begin - 1])) begin--;
  // `to=user@host` and `'user@host'`: what stands before the name is no part of it.
  for (let back = at - 1; back >= begin; back--)
    if (bytes[back] === 61 || bytes[back] === 39 || bytes[back] === 47) begin = back + 1;
  while (begin < at && bytes[begin] === 46) begin++;
  let next = at + 1;
  let dot = -1;
  while (next < end && (isHostByte(bytes[next]) || bytes[next] === 46)) {
    if (bytes[next] === 46) {
      if (!isHostByte(bytes[next + 1]) || next + 1 >= end) break;
      dot = next;
    }
    next++;
  }
  if (begin === at || dot < 0 || dot === at + 1 || next - dot < 3) return false;
  if (isDigit(bytes[dot + 1])) return false;
  found.start = begin;
  found.end = next;
  return true;
}

function isHostByte(byte: number | undefined): boolean {
  return isAlphanumeric(byte) || byte === 45;
}

const pemBegin = encoder.encode("-----BEGIN ");
const pemPrivate = encoder.encode("PRIVATE KEY-----");
const pemEnd = encoder.encode("-----END ");

/** A private key in PEM (RFC 7468) from its first dash to the end of its last line, or of the record. */
export function findPrivateKey(bytes: Uint8Array, at: number, end: number, found: Found): boolean {
  if (bytes[at + 1] !== 45 || !startsWith(bytes, at, end, pemBegin)) return false;
  let next = at + pemBegin.length;
  const limit = Math.min(end, next + 24);
  while (next < limit && !startsWith(bytes, next, end, pemPrivate)) next++;
  if (next >= limit) return false;
  next += pemPrivate.length;
  while (next < end && !startsWith(bytes, next, end, pemEnd)) next++;
  while (next < end && bytes[next] !== 10 && bytes[next] !== 34) next++;
  found.start = at;
  found.end = next;
  return true;
}

function startsWith(bytes: Uint8Array, at: number, end: number, prefix: Uint8Array): boolean {
  if (at + prefix.length > end) return false;
  for (let i = 0; i < prefix.length; i++) if (bytes[at + i] !== prefix[i]) return false;
  return true;
}

function startsWithAnyCase(bytes: Uint8Array, at: number, end: number, lower: Uint8Array): boolean {
  if (at + lower.length > end) return false;
  for (let i = 0; i < lower.length; i++) if (((bytes[at + i] ?? 0) | 32) !== lower[i]) return false;
  return true;
}
