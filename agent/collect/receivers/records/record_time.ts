const rfc3339 = /^(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d:\d\d)(?:[.,](\d{1,9}))?([Zz]|[+-]\d\d:?\d\d)?$/;

/**
 * Unix nanoseconds of a time as records have it: RFC 3339 (UTC where no zone is named), or a number since 1970 in seconds,
 * milliseconds, microseconds or nanoseconds, told by its size. Undefined for anything else.
 */
export function timeNanos(value: unknown): bigint | undefined {
  if (typeof value === "number") return numberNanos(value, String(value));
  if (typeof value !== "string") return undefined;
  if (/^\d{1,19}(\.\d{1,9})?$/.test(value)) return numberNanos(Number(value), value);
  const parts = rfc3339.exec(value);
  if (parts === null) return undefined;
  const [, day = "", clock = "", fraction = "", zone = "Z"] = parts;
  const colon = zone.length === 5 ? `${zone.slice(0, 3)}:${zone.slice(3)}` : zone.toUpperCase();
  const secondMs = Date.parse(`${day}T${clock}${colon}`);
  if (Number.isNaN(secondMs) || secondMs < 0) return undefined;
  return BigInt(secondMs) * 1_000_000n + BigInt(fraction.padEnd(9, "0"));
}

/** Until the year 5138 seconds are below 1e11, and later than 1973 milliseconds are above; and so on by thousands. */
const units = [
  { below: 1e11, nanos: 1e9 },
  { below: 1e14, nanos: 1e6 },
  { below: 1e17, nanos: 1e3 },
  { below: 1e20, nanos: 1 },
] as const;

function numberNanos(value: number, text: string): bigint | undefined {
  const unit = units.find(({ below }) => value < below);
  if (!(value > 0) || unit === undefined) return undefined;
  if (/^\d+$/.test(text)) return BigInt(text) * BigInt(unit.nanos);
  // Microseconds of today's seconds are exact in a number; more is not.
  return BigInt(Math.round(value * (unit.nanos / 1_000))) * 1_000n;
}
