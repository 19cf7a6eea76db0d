import { type SecretKind, isAlphanumeric, isDigit, isHex, secretKinds } from "./kinds.ts";
import {
  cardEnd,
  ibanEnd,
  internationalPhoneEnd,
  ipv4End,
  northAmericanPhoneEnd,
  ssnEnd,
} from "./numbers.ts";
import {
  cloudKeyFirstBytes,
  findAzureSecret,
  findBearer,
  findCloudKey,
  findEmail,
  findJwt,
  findPrivateKey,
} from "./tokens.ts";

/** What a byte may be the sign of; bits, because a letter may be that of several. */
const digitRun = 1;
const upper = 2;
const cloud = 4;
const bearer = 8;
const rare = 16;

/**
 * Finds what must not be stored in the bytes of a record, one after the other and from the left. Most bytes are passed over by one
 * look into a table of bytes with which something could begin (or in whose middle it stands: "@" of an address, "J" of a JWT);
 * what is met there is judged by functions that read a few bytes around. No view, text or regular expression is made.
 */
export class SecretScanner {
  readonly #enabled: Readonly<Record<SecretKind, boolean>>;
  readonly #triggers = new Uint8Array(256);
  /** What was found last. */
  readonly found = { start: 0, end: 0 };
  kind: SecretKind = "email";

  constructor(kinds: ReadonlySet<SecretKind>) {
    const enabled: Partial<Record<SecretKind, boolean>> = {};
    for (const kind of secretKinds) enabled[kind] = kinds.has(kind);
    this.#enabled = { ...allOff, ...enabled };
    const { card, ssn, ipv4, phone } = this.#enabled;
    if (card || ssn || ipv4 || phone)
      for (let byte = 48; byte <= 57; byte++) this.#add(byte, digitRun);
    if (this.#enabled.iban) for (let byte = 65; byte <= 90; byte++) this.#add(byte, upper);
    if (this.#enabled.cloud_key) {
      for (const byte of cloudKeyFirstBytes) this.#add(byte, cloud);
      this.#add(126, rare);
    }
    if (this.#enabled.bearer) for (const byte of [66, 98]) this.#add(byte, bearer);
    if (this.#enabled.email) this.#add(64, rare);
    if (this.#enabled.jwt) this.#add(74, rare);
    if (this.#enabled.ipv6) this.#add(58, rare);
    if (this.#enabled.private_key) this.#add(45, rare);
    if (phone) for (const byte of [43, 40]) this.#add(byte, rare);
  }

  #add(byte: number, sign: number): void {
    this.#triggers[byte] = (this.#triggers[byte] ?? 0) | sign;
  }

  /** Looks in bytes[from, end), of which `start` is the record's first; true with `kind` and `found` set. */
  next(bytes: Uint8Array, start: number, from: number, end: number): boolean {
    const triggers = this.#triggers;
    for (let at = from; at < end; at++) {
      const sign = triggers[bytes[at] ?? 0] ?? 0;
      if (sign === 0) continue;
      if (sign === digitRun) {
        let stop = at + 1;
        while (stop < end && isDigit(bytes[stop])) stop++;
        if (this.#atDigits(bytes, start, at, stop, end)) return true;
        at = stop - 1;
        continue;
      }
      if ((sign & rare) !== 0 && this.#atRare(bytes, start, from, at, end)) return true;
      if ((sign & (upper | cloud | bearer)) === 0) continue;
      if (at > start && isAlphanumeric(bytes[at - 1])) continue;
      if (this.#atWord(bytes, at, end, sign)) return true;
    }
    return false;
  }

  /** A whole run of digits [at, stop). What can follow from it is told by its length and the byte behind. */
  #atDigits(bytes: Uint8Array, start: number, at: number, stop: number, end: number): boolean {
    const length = stop - at;
    const after = stop < end ? (bytes[stop] ?? 0) : 0;
    const isJoined = after === 45 || after === 46 || after === 32;
    if (length < 13 && !isJoined) return false;
    const before = at > start ? (bytes[at - 1] ?? 32) : 32;
    if (isAlphanumeric(before)) return false;
    const enabled = this.#enabled;
    if (length <= 3 && after === 46 && enabled.ipv4) {
      const last = ipv4End(bytes, at, end, start);
      if (last > 0) return this.#hit("ipv4", at, last);
    }
    if (length === 3 && after !== 32 && before !== 45 && before !== 46) {
      if (enabled.ssn && after === 45) {
        const last = ssnEnd(bytes, at, end);
        if (last > 0) return this.#hit("ssn", at, last);
      }
      if (enabled.phone) {
        const last = northAmericanPhoneEnd(bytes, at, end);
        if (last > 0) return this.#hit("phone", at, last);
      }
    }
    const mayBeCard = length >= 13 ? length <= 19 : length === 4 && after !== 46;
    if (enabled.card && mayBeCard && before !== 45 && before !== 46) {
      const last = cardEnd(bytes, at, end);
      if (last > 0) return this.#hit("card", at, last);
    }
    return false;
  }

  /** Capitals and small letters at the beginning of a word. */
  #atWord(bytes: Uint8Array, at: number, end: number, sign: number): boolean {
    const { found } = this;
    if ((sign & upper) !== 0 && isDigit(bytes[at + 2])) {
      const second = bytes[at + 1] ?? 0;
      const last = second >= 65 && second <= 90 ? ibanEnd(bytes, at, end) : -1;
      if (last > 0) return this.#hit("iban", at, last);
    }
    if ((sign & cloud) !== 0 && findCloudKey(bytes, at, end, found)) {
      this.kind = "cloud_key";
      return true;
    }
    if ((sign & bearer) !== 0 && findBearer(bytes, at, end, found)) {
      this.kind = "bearer";
      return true;
    }
    return false;
  }

  #atRare(bytes: Uint8Array, start: number, from: number, at: number, end: number): boolean {
    const { found } = this;
    // What was taken already is no part of what comes next.
    switch (bytes[at]) {
      case 64:
        this.kind = "email";
        return findEmail(bytes, at, from, end, found);
      case 74:
        this.kind = "jwt";
        return findJwt(bytes, at, from, end, found);
      case 58:
        this.kind = "ipv6";
        return this.#atColon(bytes, from, at, end);
      case 45:
        this.kind = "private_key";
        return findPrivateKey(bytes, at, end, found);
      case 126:
        this.kind = "cloud_key";
        return findAzureSecret(bytes, at, from, end, found);
      case 43: {
        if (at > start && isAlphanumeric(bytes[at - 1])) return false;
        const last = internationalPhoneEnd(bytes, at, end);
        return last > 0 && this.#hit("phone", at, last);
      }
      default: {
        const last = northAmericanPhoneEnd(bytes, at, end);
        return last > 0 && this.#hit("phone", at, last);
      }
    }
  }

  /** The token of hex digits and colons around a colon, if it is an IPv6 address (RFC 4291 section 2.2); judged at its first colon. */
  #atColon(bytes: Uint8Array, from: number, at: number, end: number): boolean {
    const after = bytes[at + 1];
    if (at + 1 >= end || (after !== 58 && !isHex(after))) return false;
    let begin = at;
    while (begin > from && at - begin < 5 && isHex(bytes[begin - 1])) begin--;
    const before = begin > from ? (bytes[begin - 1] ?? 32) : 32;
    if (isAlphanumeric(before) || before === 58 || at - begin > 4) return false;
    let colons = 0;
    let group = at - begin;
    let groups = 0;
    let isShort = false;
    // "a::b" is a name in a program rather than an address.
    let hasDigit = false;
    for (let i = begin; i < at; i++) hasDigit ||= isDigit(bytes[i]);
    let next = at;
    for (; next < end && next - begin < 46; next++) {
      const byte = bytes[next] ?? 0;
      hasDigit ||= isDigit(byte);
      if (byte === 58) {
        colons++;
        if (group > 0) groups++;
        else if (next > at) {
          if (isShort) return false;
          isShort = true;
        }
        group = 0;
      } else if (!isHex(byte) || ++group > 4) break;
    }
    // "::1" begins with both of its colons; one colon alone begins nothing.
    if (group > 4 || (begin === at && bytes[at + 1] !== 58)) return false;
    // The colon of "from fe80::1: down" is none of the address.
    if (bytes[next - 1] === 58 && bytes[next - 2] !== 58) {
      next--;
      colons--;
    } else if (group > 0) groups++;
    if (bytes[next] === 46 && isShort && isDigit(bytes[next + 1]))
      next = this.#dottedTail(bytes, next, end);
    if (next < end && isAlphanumeric(bytes[next])) return false;
    const isAddress = isShort
      ? hasDigit && groups >= 1 && groups <= 7
      : groups === 8 && colons === 7;
    return isAddress && this.#hit("ipv6", begin, next);
  }

  /** The end of ::ffff:1.2.3.4 when its first number ends at `at`. */
  #dottedTail(bytes: Uint8Array, at: number, end: number): number {
    let first = at;
    while (isDigit(bytes[first - 1])) first--;
    const last = ipv4End(bytes, first, end, first);
    return last > 0 ? last : at;
  }

  #hit(kind: SecretKind, start: number, end: number): boolean {
    this.kind = kind;
    this.found.start = start;
    this.found.end = end;
    return true;
  }
}

const allOff: Readonly<Record<SecretKind, boolean>> = {
  email: false,
  phone: false,
  card: false,
  ssn: false,
  iban: false,
  ipv4: false,
  ipv6: false,
  bearer: false,
  jwt: false,
  cloud_key: false,
  private_key: false,
};
