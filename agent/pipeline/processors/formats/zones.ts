const formats = new Map<string, Intl.DateTimeFormat>();
/** Offsets by zone and quarter of an hour: they change no more often. */
const offsets = new Map<string, number>();
const offsetsMax = 10_000;
const quarterMs = 900_000;

export function isZone(zone: string): boolean {
  try {
    formatOf(zone);
    return true;
  } catch {
    return false;
  }
}

/** Unix ms of a wall clock's time, given as if it were UTC. In the hour that comes twice the first is meant. */
export function localToUnixMs(localMs: number, zone: string): number {
  if (zone === "UTC") return localMs;
  const first = localMs - offsetMs(localMs, zone);
  // The offset was looked up at the wrong instant; once more at nearly the right one settles it.
  return localMs - offsetMs(first, zone);
}

function offsetMs(unixMs: number, zone: string): number {
  const quarter = Math.floor(unixMs / quarterMs);
  const key = `${zone}\u0000${quarter}`;
  let offset = offsets.get(key);
  if (offset !== undefined) return offset;
  const at = quarter * quarterMs;
  const parts = new Map(
    formatOf(zone)
      .formatToParts(at)
      .map(({ type, value }) => [type, Number(value)]),
  );
  const part = (type: Intl.DateTimeFormatPartTypes) => parts.get(type) ?? 0;
  const wall = Date.UTC(
    part("year"),
    part("month") - 1,
    part("day"),
    part("hour"),
    part("minute"),
    part("second"),
  );
  offset = wall - at;
  if (offsets.size >= offsetsMax) offsets.clear();
  offsets.set(key, offset);
  return offset;
}

function formatOf(zone: string): Intl.DateTimeFormat {
  let format = formats.get(zone);
  if (format !== undefined) return format;
  format = new Intl.DateTimeFormat("en-US", {
    ...(zone === "local" ? {} : { timeZone: zone }),
    hourCycle: "h23",
    year: "numeric",
    month: "2-digit",
    day: "2-digit",
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
  });
  formats.set(zone, format);
  return format;
}
