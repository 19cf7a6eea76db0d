/** digits * 10^exponent, exactly: what templates compute fractions with, as sprig does by shopspring's decimals. */
export type Decimal = { readonly digits: bigint; readonly exponent: number };

/** The shortest decimal that reads as this number, which has to be finite. */
export function decimalOf(value: number): Decimal {
  const [mantissa = "0", power = "0"] = value.toExponential().split("e");
  const [whole = "0", fraction = ""] = mantissa.split(".");
  return { digits: BigInt(whole + fraction), exponent: Number(power) - fraction.length };
}

/** The nearest float64; an infinity where it is too large for one. */
export function numberOf({ digits, exponent }: Decimal): number {
  return Number(`${digits}e${exponent}`);
}

/** Both by the smaller exponent. Those of two floats are some 650 apart at most. */
function aligned(a: Decimal, b: Decimal): readonly [bigint, bigint, number] {
  const exponent = Math.min(a.exponent, b.exponent);
  return [
    a.digits * 10n ** BigInt(a.exponent - exponent),
    b.digits * 10n ** BigInt(b.exponent - exponent),
    exponent,
  ];
}

export function addDecimals(a: Decimal, b: Decimal): Decimal {
  const [first, second, exponent] = aligned(a, b);
  return { digits: first + second, exponent };
}

export function subtractDecimals(a: Decimal, b: Decimal): Decimal {
  return addDecimals(a, { digits: -b.digits, exponent: b.exponent });
}

export function multiplyDecimals(a: Decimal, b: Decimal): Decimal {
  return { digits: a.digits * b.digits, exponent: a.exponent + b.exponent };
}

/** Places behind the point of a quotient (github.com/shopspring/decimal, DivisionPrecision). */
const quotientPlaces = 16;

/** Rounded half away from zero. The divisor must not be zero. */
export function divideDecimals(a: Decimal, b: Decimal): Decimal {
  const [dividend, divisor] = aligned(a, b);
  const scaled = dividend * 10n ** BigInt(quotientPlaces) * 2n;
  const isNegative = scaled < 0n !== divisor < 0n;
  const twice = size(scaled) / size(divisor);
  const digits = (twice + 1n) / 2n;
  return { digits: isNegative ? -digits : digits, exponent: -quotientPlaces };
}

function size(value: bigint): bigint {
  return value < 0n ? -value : value;
}
