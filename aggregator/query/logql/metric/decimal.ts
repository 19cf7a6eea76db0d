const [zero, point, minus] = [48, 46, 45] as const;
/** So many digits are a whole number that a double holds exactly, and so is the power of ten by which it is divided. */
const digitsMax = 15;
const powers = Float64Array.from({ length: digitsMax + 1 }, (_, exponent) => 10 ** exponent);

/**
 * The number that bytes[start, end) spell, the same as of the text: a quotient of two exact doubles is rounded once. Undefined for all but a few
 * digits with at most one point among them.
 */
export function decimalAt(bytes: Uint8Array, start: number, end: number): number | undefined {
  const isNegative = bytes[start] === minus;
  const first = isNegative ? start + 1 : start;
  if (end - first > digitsMax || bytes[end - 1] === point || bytes[first] === point)
    return undefined;
  let value = 0;
  let pointAt = -1;
  for (let i = first; i < end; i++) {
    const digit = (bytes[i] ?? 0) - zero;
    if (digit >= 0 && digit <= 9) value = value * 10 + digit;
    else if (bytes[i] !== point || pointAt >= 0) return undefined;
    else pointAt = i;
  }
  if (first === end) return undefined;
  const whole = pointAt < 0 ? value : value / (powers[end - 1 - pointAt] ?? 1);
  return isNegative ? -whole : whole;
}
