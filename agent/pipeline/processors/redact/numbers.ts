import { isAlphanumeric, isDigit } from "./kinds.ts";

/**
 * Each of these tells where what begins at `at` ends within bytes[0, end), or -1 where it is nothing of the kind. They look behind
 * themselves, so that no part of something longer is taken.
 */

/** Four numbers up to 255 with dots between; not part of a longer row of numbers and dots. */
export function ipv4End(bytes: Uint8Array, at: number, end: number, start: number): number {
  if (at > start + 1 && bytes[at - 1] === 46 && isDigit(bytes[at - 2])) return -1;
  let next = at;
  for (let part = 0; part < 4; part++) {
    let value = 0;
    let digits = 0;
    while (next < end && digits < 4 && isDigit(bytes[next])) {
      value = value * 10 + (bytes[next++] ?? 0) - 48;
      digits++;
    }
    if (digits === 0 || digits > 3 || value > 255) return -1;
    if (part < 3 && (next >= end || bytes[next++] !== 46)) return -1;
  }
  const isLonger = next + 1 < end && bytes[next] === 46 && isDigit(bytes[next + 1]);
  return isLonger || (next < end && isAlphanumeric(bytes[next])) ? -1 : next;
}

/** ddd-dd-dddd, of which the Social Security Administration gives no 000, 666 or 9xx, no 00 and no 0000. */
export function ssnEnd(bytes: Uint8Array, at: number, end: number): number {
  if (at + 11 > end || bytes[at + 3] !== 45 || bytes[at + 6] !== 45) return -1;
  for (const place of [0, 1, 2, 4, 5, 7, 8, 9, 10]) if (!isDigit(bytes[at + place])) return -1;
  const area = numberAt(bytes, at, 3);
  if (area === 0 || area === 666 || area >= 900) return -1;
  if (numberAt(bytes, at + 4, 2) === 0 || numberAt(bytes, at + 7, 4) === 0) return -1;
  const after = bytes[at + 11];
  return at + 11 < end && (isAlphanumeric(after) || after === 45) ? -1 : at + 11;
}

/** 13 to 19 digits, whole or in groups parted by one kind of space or dash, with a right check digit (ISO/IEC 7812-1). */
export function cardEnd(bytes: Uint8Array, at: number, end: number): number {
  // 2 to 6 begin the numbers of the large networks; other digits are times and ids more often than not.
  const first = bytes[at] ?? 0;
  if (first < 50 || first > 54) return -1;
  let next = at;
  let digits = 0;
  let group = 0;
  let groups = 0;
  let separator = 0;
  for (; next < end; next++) {
    const byte = bytes[next] ?? 0;
    if (isDigit(byte)) {
      digits++;
      group++;
      if (digits > 19) return -1;
      continue;
    }
    if ((byte !== 32 && byte !== 45) || !isDigit(bytes[next + 1]) || next + 1 >= end) break;
    if ((separator !== 0 && byte !== separator) || group < 4 || group > 6) break;
    separator = byte;
    groups++;
    group = 0;
  }
  if (digits < 13 || (groups > 0 && group < 3)) return -1;
  if (next < end && isAlphanumeric(bytes[next])) return -1;
  return passesLuhn(bytes, at, next) ? next : -1;
}

function passesLuhn(bytes: Uint8Array, start: number, end: number): boolean {
  let sum = 0;
  let doubled = false;
  for (let at = end - 1; at >= start; at--) {
    const byte = bytes[at];
    if (!isDigit(byte)) continue;
    let value = (byte ?? 0) - 48;
    if (doubled) value = value > 4 ? value * 2 - 9 : value * 2;
    sum += value;
    doubled = !doubled;
  }
  return sum % 10 === 0;
}

/** "+" and 8 to 15 digits (E.164), with single spaces, dots, dashes and brackets among them. */
export function internationalPhoneEnd(bytes: Uint8Array, at: number, end: number): number {
  const first = bytes[at + 1] ?? 0;
  if (at + 1 >= end || first < 49 || first > 57) return -1;
  let digits = 0;
  let last = at;
  let gap = 0;
  for (let next = at + 1; next < end && gap < 3; next++) {
    const byte = bytes[next] ?? 0;
    if (isDigit(byte)) {
      digits++;
      gap = 0;
      last = next;
      if (digits > 15) return -1;
    } else if (byte === 32 || byte === 45 || byte === 46 || byte === 40 || byte === 41) gap++;
    else break;
  }
  if (digits < 8 || (last + 1 < end && isAlphanumeric(bytes[last + 1]))) return -1;
  return last + 1;
}

/** Ten digits as they are written in North America: 212-555-0123, 212.555.0123, (212) 555-0123. */
export function northAmericanPhoneEnd(bytes: Uint8Array, at: number, end: number): number {
  const opened = bytes[at] === 40;
  let next = opened ? at + 1 : at;
  const area = bytes[next] ?? 0;
  if (area < 50 || !areDigits(bytes, next, 3, end)) return -1;
  next += 3;
  let separator = bytes[next] ?? 0;
  if (opened) {
    if (separator !== 41) return -1;
    next++;
    if (bytes[next] === 32) next++;
    separator = 45;
  } else {
    if (separator !== 45 && separator !== 46) return -1;
    next++;
  }
  const exchange = bytes[next] ?? 0;
  if (exchange < 50 || !areDigits(bytes, next, 3, end)) return -1;
  next += 3;
  if (bytes[next] !== separator || !areDigits(bytes, next + 1, 4, end)) return -1;
  next += 5;
  const after = bytes[next];
  const isLonger = next < end && (isAlphanumeric(after) || after === 45);
  return isLonger ? -1 : next;
}

/** Two letters, two check digits and 11 to 30 letters and digits, whole or in groups of four; the remainder by 97 is 1 (ISO 13616). */
export function ibanEnd(bytes: Uint8Array, at: number, end: number): number {
  if (at + 15 > end || !areDigits(bytes, at + 2, 2, end)) return -1;
  let next = at;
  let count = 0;
  let longest = -1;
  let isGrouped = false;
  for (; next < end && count <= 34; next++) {
    const byte = bytes[next] ?? 0;
    const isUpper = byte >= 65 && byte <= 90;
    if (isUpper || isDigit(byte)) {
      count++;
      continue;
    }
    if (byte !== 32 || count % 4 !== 0) break;
    // Behind a number in groups other words may follow: every place where it could end is tried, the longest counts.
    if (count >= 15 && passesMod97(bytes, at, next)) longest = next;
    isGrouped = true;
  }
  const isWhole = next >= end || !isAlphanumeric(bytes[next]);
  if (isWhole && count >= 15 && count <= 34 && passesMod97(bytes, at, next)) return next;
  return isGrouped ? longest : -1;
}

/** The first four characters stand last, letters count as 10 to 35. */
function passesMod97(bytes: Uint8Array, start: number, end: number): boolean {
  let rest = 0;
  const add = (byte: number): void => {
    if (byte === 32) return;
    rest = byte >= 65 ? (rest * 100 + byte - 55) % 97 : (rest * 10 + byte - 48) % 97;
  };
  for (let at = start + 4; at < end; at++) add(bytes[at] ?? 0);
  for (let at = start; at < start + 4; at++) add(bytes[at] ?? 0);
  return rest === 1;
}

function areDigits(bytes: Uint8Array, at: number, count: number, end: number): boolean {
  if (at + count > end) return false;
  for (let i = 0; i < count; i++) if (!isDigit(bytes[at + i])) return false;
  return true;
}

function numberAt(bytes: Uint8Array, at: number, count: number): number {
  let value = 0;
  for (let i = 0; i < count; i++) value = value * 10 + (bytes[at + i] ?? 0) - 48;
  return value;
}
