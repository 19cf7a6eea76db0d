import { expect, test } from "bun:test";
import { timeReader } from "./time_format.ts";

const now = Date.parse("2026-01-05T10:00:00Z");
function read(format: string, text: string, zone = "UTC"): string | undefined {
  const found = timeReader(format, zone)(text, now);
  if (found === undefined) return undefined;
  return `${new Date(found.ms).toISOString()}+${found.nanos}`;
}

test.each([
  ["rfc3339", "2026-11-21T13:55:36.123456789+02:00 x", "2026-11-21T11:55:36.123Z+456789"],
  ["rfc3339", "2026-11-21 13:55:36,5", "2026-11-21T13:55:36.500Z+0"],
  ["unix", "1700000000.25", "2023-11-14T22:13:20.250Z+0"],
  ["unix_ms", "1700000000123", "2023-11-14T22:13:20.123Z+0"],
  ["unix_us", "1700000000123456", "2023-11-14T22:13:20.123Z+456000"],
  ["unix_ns", "1700000000123456789", "2023-11-14T22:13:20.123Z+456789"],
  ["auto", "1700000000123456789", "2023-11-14T22:13:20.123Z+456789"],
  ["auto", "Jan  4 09:08:07 host", "2026-01-04T09:08:07.000Z+0"],
  ["%d/%b/%Y:%H:%M:%S %z", "10/Oct/2000:13:55:36 -0700", "2000-10-10T20:55:36.000Z+0"],
  ["%Y-%m-%d %I:%M:%S.%f %p", "2026-01-02 12:30:00.5 AM", "2026-01-02T00:30:00.500Z+0"],
  ["%s", "1700000000", "2023-11-14T22:13:20.000Z+0"],
  ["%F %T", "2026-01-02 03:04:05", "2026-01-02T03:04:05.000Z+0"],
  ["Mon Jan _2 15:04:05 2006", "Fri Jan  2 03:04:05 2026", "2026-01-02T03:04:05.000Z+0"],
  ["2006-01-02T15:04:05.000Z07:00", "2026-01-02T03:04:05.678+01:00", "2026-01-02T02:04:05.678Z+0"],
  ["1/2/06 3:04 PM", "7/4/25 9:05 PM", "2025-07-04T21:05:00.000Z+0"],
])("%s reads %s", (format, text, expected) => {
  expect(read(format, text)).toBe(expected);
});

test("a time without a year is the latest that is not ahead", () => {
  expect(read("Jan _2 15:04:05", "Dec 31 23:59:59")).toBe("2025-12-31T23:59:59.000Z+0");
});
test("a time without a zone is in the one that is named, summer and winter", () => {
  expect(read("rfc3339", "2026-07-01 12:00:00", "Europe/Berlin")).toBe(
    "2026-07-01T10:00:00.000Z+0",
  );
  expect(read("rfc3339", "2026-01-01 12:00:00", "Europe/Berlin")).toBe(
    "2026-01-01T11:00:00.000Z+0",
  );
  expect(read("rfc3339", "2026-01-01 12:00:00", "America/New_York")).toBe(
    "2026-01-01T17:00:00.000Z+0",
  );
});
test("what is no time is none", () => {
  expect(read("rfc3339", "2026-13-40T99:00:00Z")).toBeUndefined();
  expect(read("unix", "now")).toBeUndefined();
  expect(() => timeReader("%Q", "UTC")).toThrow("no conversion of strptime");
  expect(() => timeReader("nothing", "UTC")).toThrow("expected rfc3339");
});
