import { dateText, dateTextToday } from "./date_text.ts";
import { offsetOf } from "./time_zones.ts";

/** Units that a number on a page can have. */
export type Unit = "percent" | "bytes" | "bytes_per_second" | "count" | "seconds";

const iec = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];
const si = ["", "k", "M", "G", "T", "P"];

/** A value with its unit, three significant digits: "12.3 MiB/s", "4.2 %", "1.2 M". */
export function formatValue(value: number, unit: Unit): string {
  if (Number.isNaN(value)) return "–";
  if (!Number.isFinite(value)) return value > 0 ? "∞" : "−∞";
  switch (unit) {
    case "percent":
      return value > 0 && value < 0.001 && value >= 1e-9 ? "< 0.001 %" : `${digits(value)} %`;
    case "bytes":
      return prefixed(value, 1_024, iec);
    case "bytes_per_second":
      return `${prefixed(value, 1_024, iec)}/s`;
    case "seconds":
      return formatSpan(value * 1_000);
    case "count":
      return prefixed(value, 1_000, si);
  }
}

function prefixed(value: number, base: number, prefixes: readonly string[]): string {
  let scaled = value;
  let i = 0;
  while (Math.abs(scaled) >= base && i < prefixes.length - 1) {
    scaled /= base;
    i += 1;
  }
  return `${digits(scaled)} ${prefixes[i] ?? ""}`.trimEnd();
}

function digits(value: number): string {
  const size = Math.abs(value);
  // Rounding errors of rates are no figures.
  if (size < 1e-9) return "0";
  if (size < 0.001) return value.toExponential(1);
  const places = size >= 100 ? 0 : size >= 10 ? 1 : size >= 1 ? 2 : 3;
  const text = value.toFixed(places);
  return places === 0 || !text.includes(".") ? text : text.replace(/\.?0+$/, "");
}

/** A whole number with thin groups: "1 234 567". */
export function formatCount(value: number): string {
  return Math.round(value)
    .toString()
    .replace(/\B(?=(\d{3})+(?!\d))/g, "\u202f");
}

/** A length of time in its two largest units: "3 d 4 h", "12 min", "850 ms". */
export function formatSpan(ms: number): string {
  const size = Math.abs(ms);
  if (size < 1_000) return `${digits(Math.round(ms * 10) / 10)} ms`;
  if (size < 60_000) return `${digits(Math.round(ms / 100) / 10)} s`;
  const units: readonly (readonly [string, number])[] = [
    ["d", 86_400_000],
    ["h", 3_600_000],
    ["min", 60_000],
    ["s", 1_000],
  ];
  const first = units.findIndex(([, unitMs]) => size >= unitMs);
  const parts: string[] = [];
  let rest = size;
  for (const [name, unitMs] of units.slice(first, first + 2)) {
    const count = Math.floor(rest / unitMs);
    if (count > 0) parts.push(`${count} ${name}`);
    rest -= count * unitMs;
  }
  return (ms < 0 ? "−" : "") + parts.join(" ");
}

/** "3 s ago" or "in 2 h", from one moment to another. A small lead of the other clock is no news. */
export function formatAgo(thenMs: number, nowMs: number): string {
  const ms = nowMs - thenMs;
  if (ms < -5_000) return `in ${roundSpan(-ms)}`;
  return ms < 1_500 ? "just now" : `${roundSpan(ms)} ago`;
}

function roundSpan(ms: number): string {
  if (ms < 60_000) return `${Math.round(ms / 1_000)} s`;
  if (ms < 3_600_000) return `${Math.round(ms / 60_000)} min`;
  if (ms < 86_400_000) return `${Math.round(ms / 3_600_000)} h`;
  return `${Math.round(ms / 86_400_000)} d`;
}

const dateTime = "YYYY-MM-DD HH:mm:ss";

/** "14:03:21" in the zone, or with the date where the moment is not today. */
export function formatMoment(ms: number, nowMs: number, zone: string): string {
  return dateTextToday(ms, nowMs, dateTime, "HH:mm:ss", zone);
}

/** The exact time in the zone, with its offset: for what a person sees on hover. */
export function formatExact(ms: number, zone: string): string {
  const text = dateText(ms, `${dateTime}.SSS`, zone);
  return Number.isFinite(ms) ? `${text} ${formatOffset(ms, zone)}` : text;
}

/** "2026-03-29 14:03:21" in the zone, as the fields of the time picker show and read it. */
export function formatDateTime(ms: number, zone: string): string {
  return dateText(ms, dateTime, zone);
}

/** How far a zone is ahead of UTC at a moment: "+02:00". */
export function formatOffset(ms: number, zone: string): string {
  const offset = offsetOf(ms, zone);
  const minutes = Math.abs(offset);
  return `${offset < 0 ? "−" : "+"}${pad(Math.trunc(minutes / 60))}:${pad(minutes % 60)}`;
}

function pad(value: number, length = 2): string {
  return String(value).padStart(length, "0");
}
