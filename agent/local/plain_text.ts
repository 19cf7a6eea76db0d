/** Numbers as people read them. */

const byteUnits = ["B", "KiB", "MiB", "GiB", "TiB"];

/** "1.5 MiB". */
export function bytesText(bytes: number): string {
  let [value, unit] = [bytes, 0];
  while (Math.abs(value) >= 1_024 && unit < byteUnits.length - 1)
    [value, unit] = [value / 1_024, unit + 1];
  return `${shortText(value)} ${byteUnits[unit] ?? ""}`;
}

/** "1,234". */
export function countText(count: number): string {
  return Math.round(count).toLocaleString("en-US");
}

/** Three digits at most: "0.25", "12.3", "123". */
export function shortText(value: number): string {
  const size = Math.abs(value);
  const digits = size >= 100 || Number.isInteger(value) ? 0 : size >= 10 ? 1 : 2;
  return value.toFixed(digits);
}

const timeUnits = [
  ["d", 86_400],
  ["h", 3_600],
  ["min", 60],
  ["s", 1],
] as const;

/** The two largest units: "3 d 4 h", "12 s". */
export function spanText(ms: number): string {
  let rest = Math.max(0, Math.round(ms / 1_000));
  const first = timeUnits.findIndex(([, seconds]) => rest >= seconds);
  if (first < 0) return "0 s";
  const parts = timeUnits.slice(first, first + 2).flatMap(([unit, seconds]) => {
    const count = Math.floor(rest / seconds);
    rest -= count * seconds;
    return count === 0 ? [] : `${count} ${unit}`;
  });
  return parts.join(" ");
}

/** "2026-11-22 00:41:07 UTC". */
export function timeText(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19).replace("T", " ")} UTC`;
}
