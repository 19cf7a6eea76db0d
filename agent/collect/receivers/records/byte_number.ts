const [zero, nine, dot, plus, minus, upperE, lowerE] = [0x30, 0x39, 0x2e, 0x2b, 0x2d, 0x45, 0x65];
/** Powers of ten that doubles hold exactly: a quotient of two exact numbers is the nearest double. */
const powers = Float64Array.from({ length: 23 }, (_, i) => 10 ** i);
const exactMax = Number.MAX_SAFE_INTEGER;
/** A double's own text has 25; more digits than that are no measurement. */
const charsMax = 64;

/**
 * The decimal number that is bytes[start, end), such as "-1.5e3", as the nearest double; NaN for everything else, and for what is
 * beyond all doubles. No text is made of usual ones.
 */
export function numberAt(bytes: Uint8Array, start: number, end: number): number {
  let at = start;
  const first = bytes[at];
  const isNegative = first === minus && at < end;
  if (at < end && (isNegative || first === plus)) at++;
  let mantissa = 0;
  let digits = 0;
  let fraction = 0;
  let isInFraction = false;
  for (; at < end; at++) {
    const byte = bytes[at] ?? 0;
    if (byte >= zero && byte <= nine) {
      mantissa = mantissa * 10 + byte - zero;
      digits++;
      if (isInFraction) fraction++;
    } else if (byte === dot && !isInFraction) isInFraction = true;
    else break;
  }
  if (digits === 0) return Number.NaN;
  if (at < end || mantissa > exactMax || fraction >= powers.length)
    return slowNumberAt(bytes, start, end, at);
  const value = fraction === 0 ? mantissa : mantissa / (powers[fraction] ?? 1);
  return isNegative ? -value : value;
}

/** `at`: where the digits ended. */
function slowNumberAt(bytes: Uint8Array, start: number, end: number, at: number): number {
  if (end - start > charsMax) return Number.NaN;
  if (at < end) {
    const byte = bytes[at];
    if (byte !== upperE && byte !== lowerE) return Number.NaN;
    let digit = at + 1;
    if (bytes[digit] === plus || bytes[digit] === minus) digit++;
    if (digit >= end) return Number.NaN;
    for (; digit < end; digit++) {
      const code = bytes[digit] ?? 0;
      if (code < zero || code > nine) return Number.NaN;
    }
  }
  let text = "";
  for (let i = start; i < end; i++) text += String.fromCharCode(bytes[i] ?? 0);
  const value = Number(text);
  return Number.isFinite(value) ? value : Number.NaN;
}
