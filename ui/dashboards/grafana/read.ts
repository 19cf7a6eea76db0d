/** An object of a source that nothing is known of. */
export type Source = Readonly<Record<string, unknown>>;

const dangerousKeys = new Set(["__proto__", "constructor", "prototype"]);

export function isRecord(value: unknown): value is Source {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The value as an object; an empty one where it is none. */
export function recordOf(value: unknown): Source {
  return isRecord(value) ? value : {};
}

/** The value's items; none where it is no list. */
export function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

export function recordsOf(value: unknown): readonly Source[] {
  return listOf(value).filter(isRecord);
}

/** The text that a text or number is; undefined for others and for empty ones. */
export function textOr(value: unknown): string | undefined {
  if (typeof value === "number" && Number.isFinite(value)) return String(value);
  return typeof value === "string" && value !== "" ? value : undefined;
}

/** The number that a number or a text of one is. */
export function numberOr(value: unknown): number | undefined {
  if (typeof value === "string" && value.trim() !== "") return numberOr(Number(value));
  return typeof value === "number" && Number.isFinite(value) ? value : undefined;
}

export function wholeOr(value: unknown, least: number, most: number): number | undefined {
  const number = numberOr(value);
  return number === undefined ? undefined : Math.min(most, Math.max(least, Math.round(number)));
}

/** What is there only where it says something: an empty text, list or object, null and false do not. */
export function saysNothing(value: unknown): boolean {
  if (value === undefined || value === null || value === "" || value === false) return true;
  if (Array.isArray(value)) return value.length === 0;
  return isRecord(value) && Object.keys(value).length === 0;
}

const depthMax = 24;
const nodesMax = 20_000;

/**
 * A copy of JSON that is bounded in depth and size, and has no keys that change objects. Undefined where it is too deep or too large.
 */
export function bounded(value: unknown): unknown {
  let left = nodesMax;
  const copy = (each: unknown, depth: number): unknown => {
    left -= 1;
    if (left < 0 || depth > depthMax) throw new RangeError("too large");
    if (Array.isArray(each)) return each.map((item) => copy(item, depth + 1));
    if (!isRecord(each)) return each;
    return Object.fromEntries(
      Object.entries(each)
        .filter(([key]) => !dangerousKeys.has(key))
        .map(([key, item]) => [key, copy(item, depth + 1)]),
    );
  };
  try {
    return copy(value, 0);
  } catch (thrown) {
    if (thrown instanceof RangeError) return undefined;
    throw thrown;
  }
}
