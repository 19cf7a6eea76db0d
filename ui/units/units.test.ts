import { expect, test } from "bun:test";
import { dateText } from "./date_text.ts";
import { formatUnit, formatUnitParts, isKnownUnit, unitGroups } from "./units.ts";

const cases: readonly (readonly [number, string, number | undefined, string])[] = [
  [1_234, "none", undefined, "1234"],
  [0.123456, "none", undefined, "0.123"],
  [1_234, "short", undefined, "1.23 k"],
  [999.96, "short", undefined, "1 k"],
  [0.5, "short", undefined, "0.5"],
  [-1_500, "short", 1, "−1.5 k"],
  [42, "percent", undefined, "42 %"],
  [0.4213, "percentunit", undefined, "42.1 %"],
  [0.4213, "percentunit", 2, "42.13 %"],
  [1_536, "bytes", undefined, "1.5 KiB"],
  [1_500, "decbytes", undefined, "1.5 kB"],
  [0.25, "bytes", undefined, "0.25 B"],
  [3, "gbytes", undefined, "3 GiB"],
  [0.5, "gbytes", undefined, "512 MiB"],
  [2_000_000, "Bps", undefined, "2 MB/s"],
  [2_097_152, "binBps", undefined, "2 MiB/s"],
  [3, "MBs", undefined, "3 MB/s"],
  [3, "KiBs", undefined, "3 KiB/s"],
  [12_000_000, "bps", undefined, "12 Mb/s"],
  [1_200, "pps", undefined, "1.2 kp/s"],
  [0.002, "s", undefined, "2 ms"],
  [90, "s", undefined, "1.5 min"],
  [7_200, "s", undefined, "2 hours"],
  [3_600, "s", undefined, "1 hour"],
  [0, "s", undefined, "0 s"],
  [1_500, "ms", undefined, "1.5 s"],
  [250, "µs", undefined, "250 µs"],
  [2, "d", undefined, "2 days"],
  [93_784, "dtdurations", undefined, "1 day, 2 hours"],
  [93_784, "dtdurations", 3, "1 day, 2 hours, 3 minutes, 4 seconds"],
  [93_784, "dthms", undefined, "26:03:04"],
  [93_784, "dtdhms", undefined, "1 d 02:03:04"],
  [3_723_004, "clockms", undefined, "01h:02m:03s:004ms"],
  [3_723, "clocks", 1, "01h:02m"],
  [1_234, "reqps", undefined, "1.23 k req/s"],
  [0.25, "ops", undefined, "0.25 ops/s"],
  [12, "iops", undefined, "12 io/s"],
  [255, "hex0x", undefined, "0xFF"],
  [12_345, "sci", 2, "1.23e+4"],
  [1, "bool", undefined, "True"],
  [0, "bool_yes_no", undefined, "No"],
  [0, "boolean_yes_no", undefined, "No"],
  [1_250_000, "currencyUSD", undefined, "$1.25 M"],
  [-3, "currencyEUR", 2, "−€3.00"],
  [12, "currencySEK", undefined, "12 kr"],
  [21.5, "celsius", undefined, "21.5 °C"],
  [1_500, "watt", undefined, "1.5 kW"],
  [2.5, "kwatth", undefined, "2.5 kWh"],
  [2_500, "hertz", undefined, "2.5 kHz"],
  [5, "suffix:jobs", undefined, "5 jobs"],
  [5, "prefix:~", undefined, "~5"],
  [1_500, "si:mF", undefined, "1.5 F"],
  [1_500, "count:rows", undefined, "1.5 k rows"],
  [5, "currency:₿", undefined, "₿5"],
  [0, "bool:up/down", undefined, "down"],
  [5, "jobs/sec", undefined, "5 jobs/sec"],
  [Number.NaN, "bytes", undefined, "–"],
  [Number.POSITIVE_INFINITY, "bytes", undefined, "∞"],
];

test("formatUnit() writes values in Grafana's units", () => {
  const given = cases.map(([value, unit, decimals]) => formatUnit(value, unit, decimals));
  // Counts keep their prefix apart from the word.
  expect(given).toEqual(cases.map(([, , , text]) => text));
});

test("formatUnit() knows at least 150 ids, each once", () => {
  const ids = unitGroups.flatMap(({ units }) => units.map(({ id }) => id));
  expect(ids.length).toBeGreaterThan(200);
  expect(new Set(ids).size).toBe(ids.length);
  expect(ids.filter((id) => !isKnownUnit(id))).toEqual([]);
  expect(isKnownUnit("jobs/sec")).toBe(false);
});

test("formatUnitParts() keeps the unit apart from the digits", () => {
  expect(formatUnitParts(1_536, "bytes")).toEqual({ prefix: "", text: "1.5", suffix: " KiB" });
});

test("dateText() follows moment's tokens in a time zone", () => {
  const ms = Date.UTC(2024, 6, 4, 15, 6, 7, 89);
  expect(dateText(ms, "YYYY-MM-DD HH:mm:ss.SSS", "utc")).toBe("2024-07-04 15:06:07.089");
  expect(dateText(ms, "ddd D MMM YY h:mm a Z [at] X", "Europe/Berlin")).toBe(
    "Thu 4 Jul 24 5:06 pm +02:00 at 1720105567",
  );
  expect(formatUnit(ms, "time:YYYY", undefined, "utc")).toBe("2024");
  expect(formatUnit(ms, "dateTimeAsIso", undefined, "America/New_York")).toBe(
    "2024-07-04 11:06:07",
  );
});
