import { OperatingError } from "#shared/errors.ts";
import { parseDuration } from "#shared/text/duration.ts";

/** Parameters of Loki's read endpoints, from the URL and a form body together. Throws OperatingError("bad_request"). */
export type LokiParameters = {
  readonly text: (name: string) => string | undefined;
  readonly all: (...names: readonly string[]) => string[];
};

export async function lokiParameters(request: Request): Promise<LokiParameters> {
  const values = new URLSearchParams(new URL(request.url).search);
  const type = request.headers.get("content-type") ?? "";
  if (request.method === "POST" && type.startsWith("application/x-www-form-urlencoded"))
    for (const [name, value] of new URLSearchParams(await request.text()))
      values.append(name, value);
  return {
    // An empty one is as good as none, as in Loki.
    text: (name) => values.get(name) || undefined,
    all: (...names) => names.flatMap((name) => values.getAll(name)),
  };
}

const rfc3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.(\d{1,9})\d*)?(?:Z|[+-]\d\d:\d\d)$/;

/** RFC 3339, float seconds, or an integer: of ten digits or fewer it is seconds, longer it is nanoseconds. */
export function parseLokiTime(name: string, text: string): bigint {
  if (/^-?\d+$/.test(text)) {
    const value = BigInt(text);
    return text.length <= 10 ? value * 1_000_000_000n : value;
  }
  if (/^-?\d*\.\d+$/.test(text)) return BigInt(Math.round(Number(text) * 1e6)) * 1_000n;
  const match = rfc3339.exec(text);
  const ms = match === null ? Number.NaN : Date.parse(text.replace(/\.\d+/, ""));
  if (Number.isNaN(ms))
    throw bad(
      `could not parse '${name}' parameter: strconv.ParseInt: parsing ${JSON.stringify(text)}: invalid syntax`,
    );
  return BigInt(ms) * 1_000_000n + BigInt((match?.[1] ?? "").padEnd(9, "0"));
}

function bad(message: string): OperatingError {
  return new OperatingError("bad_request", message);
}

export type LokiRange = { readonly startNs: bigint; readonly endNs: bigint };

/** start and end; end is now by default, start is `since` (1 h) before it. */
export function rangeOf(parameters: LokiParameters, nowMs: number): LokiRange {
  const nowNs = BigInt(nowMs) * 1_000_000n;
  const end = parameters.text("end");
  const start = parameters.text("start");
  const endNs = end === undefined ? nowNs : parseLokiTime("end", end);
  const sinceMs = durationOf("since", parameters.text("since")) ?? 3_600_000;
  const from = endNs < nowNs ? endNs : nowNs;
  const startNs =
    start === undefined ? from - BigInt(sinceMs) * 1_000_000n : parseLokiTime("start", start);
  return ordered({ startNs, endNs });
}

/** Throws OperatingError("bad_request") for a range that ends before it begins. */
export function ordered(range: LokiRange): LokiRange {
  if (range.endNs >= range.startNs) return range;
  throw bad("end timestamp must not be before or equal to start time");
}

/** step in ms: a duration or float seconds; by default a 250th of the range, at least a second. */
export function stepOf(parameters: LokiParameters, range: LokiRange): number {
  return stepWithin(durationOf("step", parameters.text("step")), range);
}

/** A step in milliseconds, where one is given. Throws OperatingError("bad_request"). */
export function stepWithin(given: number | undefined, { startNs, endNs }: LokiRange): number {
  const seconds = Math.floor(Number(endNs - startNs) / 1e9 / 250);
  const stepMs = given ?? Math.max(seconds, 1) * 1_000;
  if (stepMs <= 0)
    throw bad(
      "zero or negative query resolution step widths are not accepted. Try a positive integer",
    );
  return stepMs;
}

/** Entries where no limit is given. */
const limitDefault = 100;

export function limitOf(parameters: LokiParameters, limitMax: number): number {
  const text = parameters.text("limit") ?? String(limitDefault);
  if (!/^[+-]?\d+$/.test(text))
    throw bad(`strconv.Atoi: parsing ${JSON.stringify(text)}: invalid syntax`);
  return limitWithin(Number(text), limitMax);
}

/** Throws OperatingError("bad_request") for a limit that is too high, or none. */
export function limitWithin(given: number | undefined, limitMax: number): number {
  const limit = given ?? limitDefault;
  if (limit <= 0) throw bad("limit must be a positive value");
  if (limit > limitMax)
    throw bad(
      `max entries limit per query exceeded, limit > max_entries_limit (${limit} > ${limitMax})`,
    );
  return limit;
}

/** A count by the first of these names that is given. Throws OperatingError("bad_request") where it is none or over countMax. */
export function countOf(
  parameters: LokiParameters,
  names: readonly string[],
  fallback: number,
  countMax: number,
): number {
  const name = names.find((one) => (parameters.text(one) ?? "") !== "");
  if (name === undefined) return fallback;
  const text = parameters.text(name) ?? "";
  const count = Number(text);
  if (/^\d+$/.test(text) && count > 0 && count <= countMax) return count;
  throw bad(`${name} is "${text}": expected 1 to ${countMax}`);
}

/** Milliseconds that entries are to lie apart; 0 where all are wanted. */
export function intervalOf(parameters: LokiParameters): number {
  const ms = durationOf("interval", parameters.text("interval")) ?? 0;
  if (ms < 0) throw bad("interval must be >= 0");
  return ms;
}

export function directionOf(parameters: LokiParameters): "backward" | "forward" {
  return directionNamed(parameters.text("direction") ?? "backward");
}

/** Throws OperatingError("bad_request") for another word. */
export function directionNamed(text: string): "backward" | "forward" {
  const direction = text.toLowerCase();
  if (direction === "backward" || direction === "forward") return direction;
  throw bad(`invalid direction '${text}'`);
}

/** A duration, or float seconds, in milliseconds. */
function durationOf(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const ms = /^-?\d*\.?\d+$/.test(text) ? Number(text) * 1_000 : parseDuration(text);
  if (ms !== undefined) return ms;
  throw name === "since"
    ? bad(`could not parse 'since' parameter: not a valid duration string: ${JSON.stringify(text)}`)
    : bad(`cannot parse ${JSON.stringify(text)} to a valid duration`);
}
