const hourMs = 3_600_000;
const knownMax = 1_000;

/** How far a time zone's clocks are ahead of UTC, in milliseconds; answers are remembered by the hour. */
export type ZoneOffsets = { at(unixMs: number): number };

/** Throws RangeError for a zone that is not known. */
export function zoneOffsets(timeZone: string): ZoneOffsets {
  const format = new Intl.DateTimeFormat("en-US", {
    timeZone,
    hourCycle: "h23",
    year: "numeric",
    month: "numeric",
    day: "numeric",
    hour: "numeric",
    minute: "numeric",
    second: "numeric",
  });
  const known = new Map<number, number>();
  return {
    at(unixMs) {
      // Offsets change on the quarter of an hour.
      const quarter = Math.floor(unixMs / (hourMs / 4));
      const remembered = known.get(quarter);
      if (remembered !== undefined) return remembered;
      const offset = offsetAt(format, quarter * (hourMs / 4));
      if (known.size >= knownMax) known.clear();
      known.set(quarter, offset);
      return offset;
    },
  };
}

/** The Unix time at which clocks of the zone show a local time, given as if it were UTC; of an hour that comes twice, the first. */
export function localToUtcMs(localMs: number, zone: ZoneOffsets): number {
  const earlier = localMs - zone.at(localMs - 24 * hourMs);
  if (earlier + zone.at(earlier) === localMs) return earlier;
  return localMs - zone.at(earlier);
}

function offsetAt(format: Intl.DateTimeFormat, unixMs: number): number {
  const parts = new Map(
    format.formatToParts(unixMs).map(({ type, value }) => [type, Number(value)]),
  );
  const part = (name: Intl.DateTimeFormatPartTypes): number => parts.get(name) ?? 0;
  const shown = Date.UTC(
    part("year"),
    part("month") - 1,
    part("day"),
    part("hour"),
    part("minute"),
    part("second"),
  );
  return shown - unixMs;
}
