import { UnsupportedParquet } from "../../../parquet/unsupported.ts";

/**
 * Digits by twelve, as a number in five bytes: 3.333 bits a digit, where one drawn at random has 3.322, and Huffman's code needs 3.4. A value is
 * a byte that says how many digits the last number has, 1 to 12, and then the numbers, the highest byte first, each of five bytes but the last, which has as
 * few as hold so many digits; or a 0 and the digits as text. docs/formats/parquet.md describes the same.
 */
const asText = 0;
const zero = "0".charCodeAt(0);
const numberDigits = 12;
const numberBytes = 5;
/** By digits of the last number. */
const lastBytes: readonly number[] = [0, 1, 1, 2, 2, 3, 3, 3, 4, 4, 5, 5, 5];
const two24 = 2 ** 24;

/** Four ASCII digits of each number below 10,000, the first in the lowest byte. Counted up, as every start makes it. */
const textOf = fourDigits();

function fourDigits(): Uint32Array {
  const texts = new Uint32Array(10_000);
  let number = 0;
  for (let first = zero; first < zero + 10; first++)
    for (let second = zero; second < zero + 10; second++)
      for (let third = zero; third < zero + 10; third++)
        for (let fourth = zero; fourth < zero + 10; fourth++)
          // No signs: the highest byte is below 128.
          texts[number++] = first | (second << 8) | (third << 16) | (fourth << 24);
  return texts;
}

/** Digits of values that stand one after another, `lengths` long, `count` of them in all. Throws UnsupportedParquet where they are not so many. */
export function unpackDigits(
  bytes: Uint8Array,
  lengths: ArrayLike<number>,
  count: number,
): Uint8Array {
  const digits = new Uint8Array(count);
  let [from, to] = [0, 0];
  for (let i = 0; i < lengths.length; i++) {
    const end = from + (lengths[i] ?? 0);
    if (!(end >= from && end <= bytes.length)) throw new UnsupportedParquet("digits are cut off");
    if (from < end) to = unpackValue(bytes, from, end, digits, to);
    from = end;
  }
  if (to !== count) throw new UnsupportedParquet(`${to} digits instead of ${count}`);
  return digits;
}

/** The value bytes[from, end), of at least a byte; gives where its digits end in `digits`. */
function unpackValue(
  bytes: Uint8Array,
  from: number,
  end: number,
  digits: Uint8Array,
  at: number,
): number {
  const last = bytes[from] ?? asText;
  const size = lastBytes[last] ?? Infinity;
  const numbers = (end - from - 1 - size) / numberBytes;
  const isWhole = last === asText || (numbers >= 0 && Number.isInteger(numbers));
  if (!isWhole) throw new UnsupportedParquet(`digits of form ${last} in ${end - from} bytes`);
  // Integers for the compiler, too: with what may be a fraction for an index the loop takes ten times as long.
  const to = (at + (last === asText ? end - from - 1 : numberDigits * numbers + last)) | 0;
  if (to > digits.length) throw new UnsupportedParquet("more digits than texts have");
  if (last === asText) {
    digits.set(bytes.subarray(from + 1, end), at);
    return to;
  }
  const view = new DataView(digits.buffer);
  let byte = from + 1;
  let highest = 0;
  for (let i = at; i < to - last; i += numberDigits, byte += numberBytes) {
    const high = ((bytes[byte] ?? 0) << 8) | (bytes[byte + 1] ?? 0);
    const low =
      ((bytes[byte + 2] ?? 0) << 16) | ((bytes[byte + 3] ?? 0) << 8) | (bytes[byte + 4] ?? 0);
    const number = high * two24 + low;
    const first = (number / 100_000_000) | 0;
    const rest = (number - first * 100_000_000) | 0;
    const second = (rest / 10_000) | 0;
    if (first > highest) highest = first;
    view.setUint32(i, textOf[first] ?? 0, true);
    view.setUint32(i + 4, textOf[second] ?? 0, true);
    view.setUint32(i + 8, textOf[rest - second * 10_000] ?? 0, true);
  }
  let number = 0;
  for (; byte < end; byte++) number = number * 256 + (bytes[byte] ?? 0);
  for (let i = to - 1; i >= to - last; i--) {
    digits[i] = zero + (number % 10);
    number = Math.floor(number / 10);
  }
  if (highest >= textOf.length || number > 0)
    throw new UnsupportedParquet("digits in a number that is too large");
  return to;
}
