import {
  clockText,
  daysHoursMinutesSeconds,
  hoursMinutesSeconds,
  longDuration,
} from "./durations.ts";
import type { UnitText } from "./scaled.ts";
import type { UnitGroup, UnitSpec } from "./unit_list.ts";

const whole =
  (write: (value: number, decimals?: number) => string) =>
  (value: number, decimals?: number): UnitText => ({
    prefix: "",
    text: write(value, decimals),
    suffix: "",
  });
const own = (write: (value: number, decimals?: number) => string): UnitSpec => ({
  as: "own",
  text: whole(write),
});
const duration = (seconds: number, zero: string): UnitSpec => ({ as: "duration", seconds, zero });
const count = (symbol: string): UnitSpec => ({ as: "count", symbol });
const suffix = (text: string): UnitSpec => ({ as: "suffix", suffix: text });
const si = (symbol: string, power = 0): UnitSpec => ({ as: "si", symbol, power });

/** Times, rates and what is written by code. */
export const timeGroups: readonly UnitGroup[] = [
  {
    name: "Time",
    units: [
      ["hertz", "Hertz (1/s)", si("Hz")],
      ["ns", "nanoseconds (ns)", duration(1e-9, "ns")],
      ["µs", "microseconds (µs)", duration(1e-6, "µs")],
      ["ms", "milliseconds (ms)", duration(1e-3, "ms")],
      ["s", "seconds (s)", duration(1, "s")],
      ["m", "minutes (m)", duration(60, "min")],
      ["h", "hours (h)", duration(3_600, "hours")],
      ["d", "days (d)", duration(86_400, "days")],
      [
        "dtdurationms",
        "duration (ms)",
        own((value, decimals) => longDuration(value / 1_000, decimals)),
      ],
      ["dtdurations", "duration (s)", own(longDuration)],
      ["dthms", "duration (hh:mm:ss)", own(hoursMinutesSeconds)],
      ["dtdhms", "duration (d hh:mm:ss)", own(daysHoursMinutesSeconds)],
      ["timeticks", "Timeticks (s/100)", duration(0.01, "s")],
      ["clockms", "clock (ms)", own((value, decimals) => clockText(value, decimals ?? 3))],
      ["clocks", "clock (s)", own((value, decimals) => clockText(value * 1_000, decimals ?? 2))],
    ],
  },
  {
    name: "Throughput",
    units: [
      ["cps", "counts/sec (cps)", count("c/s")],
      ["ops", "ops/sec (ops)", count("ops/s")],
      ["reqps", "requests/sec (rps)", count("req/s")],
      ["rps", "reads/sec (rps)", count("rd/s")],
      ["wps", "writes/sec (wps)", count("wr/s")],
      ["iops", "I/O ops/sec (iops)", count("io/s")],
      ["eps", "events/sec (eps)", count("evt/s")],
      ["mps", "messages/sec (mps)", count("msg/s")],
      ["recps", "records/sec (rps)", count("rec/s")],
      ["rowsps", "rows/sec (rps)", count("rows/s")],
      ["cpm", "counts/min (cpm)", count("c/min")],
      ["opm", "ops/min (opm)", count("ops/min")],
      ["reqpm", "requests/min (rpm)", count("req/min")],
      ["rpm", "reads/min (rpm)", count("rd/min")],
      ["wpm", "writes/min (wpm)", count("wr/min")],
      ["epm", "events/min (epm)", count("evt/min")],
      ["mpm", "messages/min (mpm)", count("msg/min")],
      ["recpm", "records/min (rpm)", count("rec/min")],
      ["rowspm", "rows/min (rpm)", count("rows/min")],
    ],
  },
  {
    name: "Velocity",
    units: [
      ["velocityms", "meters/second (m/s)", suffix(" m/s")],
      ["velocitykmh", "kilometers/hour (km/h)", suffix(" km/h")],
      ["velocitymph", "miles/hour (mph)", suffix(" mph")],
      ["velocityknot", "knot (kn)", suffix(" kn")],
    ],
  },
  {
    name: "Volume",
    units: [
      ["mlitre", "millilitre (mL)", si("L", -1)],
      ["litre", "litre (L)", si("L")],
      ["m3", "cubic meter", suffix(" m³")],
      ["Nm3", "Normal cubic meter", suffix(" Nm³")],
      ["dm3", "cubic decimeter", suffix(" dm³")],
      ["gallons", "gallons", suffix(" gal")],
    ],
  },
  {
    name: "Boolean",
    units: [
      ["bool", "True / False", own((value) => (value === 0 ? "False" : "True"))],
      ["bool_yes_no", "Yes / No", own((value) => (value === 0 ? "No" : "Yes"))],
      ["bool_on_off", "On / Off", own((value) => (value === 0 ? "Off" : "On"))],
    ],
  },
  {
    name: "Notation",
    units: [
      ["sishort", "SI short", si("")],
      ["hex0x", "Hexadecimal (0x)", own((value) => hexText(value, "0x"))],
      ["hex", "Hexadecimal", own((value) => hexText(value, ""))],
      ["sci", "Scientific notation", own((value, decimals) => value.toExponential(decimals))],
      ["locale", "Grouped digits", own(groupedText)],
    ],
  },
];

function hexText(value: number, mark: string): string {
  const digits = Math.abs(value).toString(16).toUpperCase();
  return `${value < 0 ? "−" : ""}${mark}${digits}`;
}

/** The browser's grouping and decimal sign. */
function groupedText(value: number, decimals?: number): string {
  return value.toLocaleString(
    undefined,
    decimals === undefined
      ? {}
      : { minimumFractionDigits: decimals, maximumFractionDigits: decimals },
  );
}
