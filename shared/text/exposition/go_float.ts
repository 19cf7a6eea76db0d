/**
 * Numbers as Go's strconv.ParseFloat reads them: decimal, exponent, hexadecimal with a binary exponent, "inf", "infinity"
 * and "nan" in any letter case. Not underscores, which Prometheus refuses, and nothing that is only JavaScript's.
 */
const hexShape = /^([+-]?)0[xX]([0-9a-fA-F]*)(?:\.([0-9a-fA-F]*))?[pP]([+-]?\d+)$/;
const infinityShape = /^([+-]?)inf(?:inity)?$/i;

/** Powers of ten that a double holds exactly. */
const exactPowers = Float64Array.from({ length: 23 }, (_, i) => Number(`1e${i}`));
const mantissaExactMax = 2 ** 53;

const zero = 0x30;
const nine = 0x39;
const dot = 0x2e;
const plus = 0x2b;
const minus = 0x2d;

/**
 * The number in bytes[start, end), or undefined when it is not one (or not a finite one, as "1e999"). For "NaN" it
 * gives a NaN whose bits are the engine's: the caller writes its own.
 */
export function parseGoFloat(bytes: Uint8Array, start: number, end: number): number | undefined {
  let at = start;
  const sign = bytes[at];
  if (sign === minus || sign === plus) at++;
  let mantissa = 0;
  let digits = 0;
  let fraction = 0;
  let byte = bytes[at] ?? 0;
  while (at < end && byte >= zero && byte <= nine) {
    mantissa = mantissa * 10 + (byte - zero);
    digits++;
    byte = bytes[++at] ?? 0;
  }
  if (at < end && byte === dot) {
    byte = bytes[++at] ?? 0;
    while (at < end && byte >= zero && byte <= nine) {
      mantissa = mantissa * 10 + (byte - zero);
      fraction++;
      byte = bytes[++at] ?? 0;
    }
    digits += fraction;
  }
  if (digits === 0) return parseWord(bytes, start, end);
  let exponent = 0;
  if (at < end && (byte | 0x20) === 0x65) {
    const exponentStart = ++at;
    byte = bytes[at] ?? 0;
    const exponentSign = byte;
    if (byte === minus || byte === plus) byte = bytes[++at] ?? 0;
    const digitsStart = at;
    while (at < end && byte >= zero && byte <= nine) {
      exponent = Math.min(exponent * 10 + (byte - zero), 100_000);
      byte = bytes[++at] ?? 0;
    }
    if (at === digitsStart) return undefined;
    if (exponentSign === minus && exponentStart < digitsStart) exponent = -exponent;
  }
  if (at !== end) return parseWord(bytes, start, end);

  // One multiplication or division of two exact doubles rounds once, so it is right to the last bit.
  const scale = exponent - fraction;
  if (mantissa <= mantissaExactMax && scale >= -22 && scale <= 22) {
    const size =
      scale < 0 ? mantissa / (exactPowers[-scale] ?? 1) : mantissa * (exactPowers[scale] ?? 1);
    return sign === minus ? -size : size;
  }
  const value = Number(asciiText(bytes, start, end));
  return Number.isFinite(value) ? value : undefined;
}

/** The same for text that is at hand as a string. */
export function parseGoFloatText(text: string): number | undefined {
  const bytes = new TextEncoder().encode(text);
  return parseGoFloat(bytes, 0, bytes.length);
}

/** "NaN", infinities and hexadecimal: rare, so clarity before speed. */
function parseWord(bytes: Uint8Array, start: number, end: number): number | undefined {
  if (end - start > 64 || end === start) return undefined;
  const text = asciiText(bytes, start, end);
  if (text.toLowerCase() === "nan") return Number.NaN;
  const infinity = infinityShape.exec(text);
  if (infinity !== null) return infinity[1] === "-" ? -Infinity : Infinity;
  const hex = hexShape.exec(text);
  return hex === null
    ? undefined
    : hexValue(hex[1] ?? "", hex[2] ?? "", hex[3] ?? "", Number(hex[4]));
}

function hexValue(
  sign: string,
  whole: string,
  fraction: string,
  exponent: number,
): number | undefined {
  const digits = whole + fraction;
  if (digits === "" || Math.abs(exponent) > 10_000) return undefined;
  const power = exponent - 4 * fraction.length;
  // In two steps, because 2 ** power alone may leave the range that the product is in.
  const step = Math.max(-1_000, Math.min(power, 1_000));
  const size = Number(BigInt(`0x${digits}`)) * 2 ** step * 2 ** (power - step);
  if (!Number.isFinite(size)) return undefined;
  return sign === "-" ? -size : size;
}

/** Latin-1 and not UTF-8: one byte a character, so that what is not ASCII fails to be a number and costs no decoding. */
function asciiText(bytes: Uint8Array, start: number, end: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString("latin1");
}

/**
 * A number as Prometheus writes it into `le` and `quantile`: Go's shortest "g" format, with ".0" where nothing else
 * says that it is a float: "1.0", "0.005", "1e+06", "+Inf".
 */
export function canonicalFloat(value: number): string {
  if (Number.isNaN(value)) return "NaN";
  if (value === Infinity) return "+Inf";
  if (value === -Infinity) return "-Inf";
  if (value === 0) return "0.0";
  const [mantissa = "", exponentText = "0"] = value.toExponential().split("e");
  const exponent = Number(exponentText);
  if (exponent < -4 || exponent >= 6) {
    const sign = exponent < 0 ? "-" : "+";
    return `${mantissa}e${sign}${String(Math.abs(exponent)).padStart(2, "0")}`;
  }
  const text = String(value);
  return text.includes(".") ? text : `${text}.0`;
}
