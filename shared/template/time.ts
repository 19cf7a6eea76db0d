import { TemplateTime } from "./values.ts";

/** Go's layouts of time ("2006-01-02T15:04:05Z07:00"): what date, toDate and toDateInZone write and read. */

const months =
  "January February March April May June July August September October November December".split(
    " ",
  );
const days = "Sunday Monday Tuesday Wednesday Thursday Friday Saturday".split(" ");
const parts =
  /January|Jan|Monday|Mon|MST|2006|002|_2(?!006)|01|02|03|04|05|06|15|PM|pm|[Z-]07:?00(?::?00)?|[Z-]07|[.,]0+(?!\d)|[.,]9+(?!\d)|1|2|3|4|5/g;

const partsMax = 20;

type Fields = {
  readonly date: Date;
  readonly nanos: number;
  readonly offsetMinutes: number;
  readonly zone: string;
};

/** A time in its zone, by a layout of Go. */
export function formatTime(time: TemplateTime, layout: string): string {
  const ms = Number(floorDiv(time.ns, 1_000_000n));
  const offsetMinutes = offsetOf(time.zone, ms);
  const fields: Fields = {
    date: new Date(ms + offsetMinutes * 60_000),
    nanos: Number(time.ns - floorDiv(time.ns, 1_000_000_000n) * 1_000_000_000n),
    offsetMinutes,
    zone: time.zone,
  };
  if (Number.isNaN(fields.date.getTime())) return String(time.ns);
  return layout.replaceAll(parts, (part) => formatPart(part, fields));
}

function floorDiv(value: bigint, by: bigint): bigint {
  const quotient = value / by;
  return value % by < 0n ? quotient - 1n : quotient;
}

function pad(value: number, width = 2): string {
  return String(value).padStart(width, "0");
}

function formatPart(part: string, { date, nanos, offsetMinutes, zone }: Fields): string {
  const hour = date.getUTCHours();
  switch (part) {
    case "January":
    case "Jan":
      return (months[date.getUTCMonth()] ?? "").slice(0, part === "Jan" ? 3 : undefined);
    case "Monday":
    case "Mon":
      return (days[date.getUTCDay()] ?? "").slice(0, part === "Mon" ? 3 : undefined);
    case "MST":
      return zoneName(zone, offsetMinutes);
    case "2006":
      return pad(date.getUTCFullYear(), 4);
    case "06":
      return pad(date.getUTCFullYear() % 100);
    case "002":
      return pad(Math.floor((date.getTime() - Date.UTC(date.getUTCFullYear(), 0)) / 864e5) + 1, 3);
    case "01":
    case "1":
      return pad(date.getUTCMonth() + 1, part.length);
    case "02":
    case "2":
      return pad(date.getUTCDate(), part.length);
    case "_2":
      return String(date.getUTCDate()).padStart(2, " ");
    case "15":
      return pad(hour);
    case "03":
    case "3":
      return pad(hour % 12 === 0 ? 12 : hour % 12, part.length);
    case "04":
    case "4":
      return pad(date.getUTCMinutes(), part.length);
    case "05":
    case "5":
      return pad(date.getUTCSeconds(), part.length);
    case "PM":
      return hour >= 12 ? "PM" : "AM";
    case "pm":
      return hour >= 12 ? "pm" : "am";
    default:
      return "Z-".includes(part[0] ?? "")
        ? offsetText(part, offsetMinutes)
        : fractionText(part, nanos);
  }
}

function fractionText(part: string, nanos: number): string {
  const digits = pad(nanos, 9).slice(0, part.length - 1);
  if (part[1] === "0") return `${part[0]}${digits}`;
  const kept = digits.replace(/0+$/, "");
  return kept === "" ? "" : `${part[0]}${kept}`;
}

function offsetText(part: string, minutes: number): string {
  if (part.startsWith("Z") && minutes === 0) return "Z";
  const size = Math.abs(minutes);
  const sign = minutes < 0 ? "-" : "+";
  const colon = part.includes(":") ? ":" : "";
  const hours = pad(Math.floor(size / 60));
  if (part.length <= 3) return sign + hours;
  const seconds = part.replaceAll(/[^0]/g, "").length > 4 ? `${colon}00` : "";
  return `${sign}${hours}${colon}${pad(size % 60)}${seconds}`;
}

const zones = new Map<string, Intl.DateTimeFormat | undefined>();

/** Whether the machine knows a zone by this name. */
export function isZone(name: string): boolean {
  return formatterOf(name) !== undefined;
}

function formatterOf(zone: string): Intl.DateTimeFormat | undefined {
  if (zones.has(zone)) return zones.get(zone);
  let formatter: Intl.DateTimeFormat | undefined;
  try {
    formatter = new Intl.DateTimeFormat("en-US", { timeZone: zone, timeZoneName: "longOffset" });
  } catch {
    formatter = undefined;
  }
  if (zones.size < 1_000) zones.set(zone, formatter);
  return formatter;
}

/** Minutes that a zone is ahead of UTC at a moment. */
function offsetOf(zone: string, ms: number): number {
  if (zone === "UTC" || zone === "") return 0;
  const fixed = /^([+-])(\d\d)(\d\d)$/.exec(zone);
  if (fixed !== null)
    return (fixed[1] === "-" ? -1 : 1) * (Number(fixed[2]) * 60 + Number(fixed[3]));
  const date = new Date(ms);
  if (Number.isNaN(date.getTime())) return 0;
  const name = formatterOf(zone)
    ?.formatToParts(date)
    .find(({ type }) => type === "timeZoneName")?.value;
  const offset = /GMT([+-])(\d\d):(\d\d)/.exec(name ?? "");
  if (offset === null) return 0;
  return (offset[1] === "-" ? -1 : 1) * (Number(offset[2]) * 60 + Number(offset[3]));
}

function zoneName(zone: string, offsetMinutes: number): string {
  if (zone === "UTC" || zone === "") return "UTC";
  return offsetText("-0700", offsetMinutes);
}

/** Reads a text by a layout; without a zone in it, it is taken as of `zone`. undefined where it does not fit. */
export function parseTime(layout: string, text: string, zone = "UTC"): TemplateTime | undefined {
  // Many digits in a row could be divided in very many ways.
  if ((layout.match(parts)?.length ?? 0) > partsMax) return undefined;
  const names: string[] = [];
  let shape = "";
  let end = 0;
  for (const { 0: part, index } of layout.matchAll(parts)) {
    shape += literal(layout.slice(end, index)) + `(${shapeOf(part)})`;
    // Fractions of a second may follow where the layout has none.
    if ((part === "05" || part === "5") && !/^[.,][09]/.test(layout.slice(index + part.length))) {
      names.push(part, "fraction");
      shape += String.raw`([.,]\d+)?`;
    } else names.push(part);
    end = index + part.length;
  }
  shape += literal(layout.slice(end));
  const match = new RegExp(`^${shape}$`).exec(text);
  return match === null ? undefined : timeOf(names, match.slice(1), zone);
}

function literal(text: string): string {
  return text.replaceAll(/[\\^$.*+?()[\]{}|/-]/g, String.raw`\$&`);
}

function shapeOf(part: string): string {
  if (part === "January") return months.join("|");
  if (part === "Jan") return months.map((name) => name.slice(0, 3)).join("|");
  if (part === "Monday") return days.join("|");
  if (part === "Mon") return days.map((name) => name.slice(0, 3)).join("|");
  if (part === "MST") return "[A-Z]{3,5}|[+-]\\d{2,4}";
  if (part === "2006") return String.raw`\d{4}`;
  if (part === "002") return String.raw`\d{3}`;
  if (part === "PM" || part === "pm") return "[AaPp][Mm]";
  if (part === "_2") return String.raw`\s?\d{1,2}`;
  if (/^[.,]0/.test(part)) return String.raw`[.,]\d{${part.length - 1}}`;
  if (/^[.,]9/.test(part)) return String.raw`[.,]\d+|`;
  if (part.startsWith("Z")) return String.raw`Z|[+-]\d\d:?(?:\d\d)?`;
  if (part.startsWith("-")) return String.raw`[+-]\d\d:?(?:\d\d)?`;
  return part.length === 2 ? String.raw`\d{2}` : String.raw`\d{1,2}`;
}

function timeOf(
  names: readonly string[],
  values: readonly (string | undefined)[],
  zone: string,
): TemplateTime | undefined {
  let [year, month, day, hour, minute, second, nanos] = [0, 1, 1, 0, 0, 0, 0];
  let [yearDay, isPm, offset]: [number, boolean | undefined, string | undefined] = [
    0,
    undefined,
    undefined,
  ];
  for (const [i, name] of names.entries()) {
    const value = values[i] ?? "";
    const number = Number(value);
    if (name === "2006") year = number;
    else if (name === "06") year = number + (number >= 69 ? 1_900 : 2_000);
    else if (name === "002") yearDay = number;
    else if (name === "January" || name === "Jan")
      month = months.findIndex((known) => known.startsWith(value)) + 1;
    else if (name === "01" || name === "1") month = number;
    else if (name === "02" || name === "2" || name === "_2") day = number;
    else if (name === "15" || name === "03" || name === "3") hour = number;
    else if (name === "04" || name === "4") minute = number;
    else if (name === "05" || name === "5") second = number;
    else if (name === "PM" || name === "pm") isPm = value.toLowerCase() === "pm";
    else if (name === "fraction" || /^[.,]/.test(name))
      nanos = Number(value.slice(1).padEnd(9, "0").slice(0, 9));
    else if (/^[Z-]/.test(name))
      offset = value === "Z" ? "+0000" : value.replace(":", "").padEnd(5, "0");
  }
  if (isPm !== undefined) hour = (hour % 12) + (isPm ? 12 : 0);
  if (month < 1 || month > 12 || hour > 23 || minute > 59 || second > 59) return undefined;
  if (yearDay > 0) [month, day] = [1, yearDay];
  else if (day < 1 || day > new Date(Date.UTC(2_000 + (year % 400), month, 0)).getUTCDate())
    return undefined;
  const date = new Date(Date.UTC(2_000, month - 1, day, hour, minute, second));
  date.setUTCFullYear(year, month - 1, day);
  const local = date.getTime();
  const own = offset ?? zone;
  // The offset of a moment is needed to know the moment: once more with what was found settles all but the doubled hour.
  let ms = local - offsetOf(own, local) * 60_000;
  ms = local - offsetOf(own, ms) * 60_000;
  const shown = own === "+0000" ? "UTC" : own;
  return new TemplateTime(BigInt(ms) * 1_000_000n + BigInt(nanos), shown);
}
