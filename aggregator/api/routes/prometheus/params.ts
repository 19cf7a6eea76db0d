import type { Matcher } from "#shared/model/labels.ts";
import { messageOf } from "#shared/errors.ts";
import { parseDuration } from "#shared/text/duration.ts";
import { parseGoFloatText } from "#shared/text/exposition/go_float.ts";
import { matchesEmpty } from "#shared/query_language/matchers.ts";
import { PromqlError } from "#shared/query_language/promql/errors.ts";
import { parseMetricSelector } from "#shared/query_language/promql/parse.ts";
import type { Context } from "hono";
import { invalidParameter } from "./answer.ts";

/** The bounds that clients send for "all of time", which no date library reads. */
const boundaryTimes: Readonly<Record<string, number>> = {
  "-292273086-05-16T16:47:06Z": Number.MIN_SAFE_INTEGER,
  "292277025-08-18T07:12:54.999999999Z": Number.MAX_SAFE_INTEGER,
};
const rfc3339 = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d+)?(?:Z|[+-]\d{2}:\d{2})$/;
/** Longest form body that is read; a query alone may take a megabyte. */
const bodyBytesMax = 4 * 1024 * 1024;

/** Query string and form body together; the body stands first, so it wins. */
export type Params = {
  get(name: string): string;
  all(name: string): string[];
};

export async function readParams(c: Context): Promise<Params> {
  const url = new URL(c.req.url).searchParams;
  const isForm = (c.req.header("content-type") ?? "").startsWith(
    "application/x-www-form-urlencoded",
  );
  const body = new URLSearchParams(
    isForm && ["POST", "PUT"].includes(c.req.method) ? await bodyText(c) : "",
  );
  return {
    get: (name) => body.get(name) ?? url.get(name) ?? "",
    all: (name) => [...body.getAll(name), ...url.getAll(name)],
  };
}

async function bodyText(c: Context): Promise<string> {
  const text = await c.req.text();
  if (text.length <= bodyBytesMax) return text;
  throw new PromqlError(
    "bad_data",
    `error parsing form values: body of ${text.length} bytes, at most ${bodyBytesMax}`,
  );
}

/** Unix seconds or RFC 3339 in milliseconds. */
export function timeParam(params: Params, name: string, otherwise?: number): number {
  const text = params.get(name);
  if (text === "" && otherwise !== undefined) return otherwise;
  const seconds = parseGoFloatText(text);
  if (seconds !== undefined && Number.isFinite(seconds)) return Math.round(seconds * 1_000);
  if (rfc3339.test(text)) {
    // Dates hold milliseconds; what is finer is cut, as Prometheus cuts it.
    const ms = Date.parse(text.replace(/(\.\d{3})\d+/, "$1"));
    if (!Number.isNaN(ms)) return ms;
  }
  const boundary = boundaryTimes[text];
  if (boundary !== undefined) return boundary;
  const cause = `cannot parse ${JSON.stringify(text)} to a valid timestamp`;
  throw invalidParameter(
    name,
    otherwise === undefined ? cause : `invalid time value for '${name}': ${cause}`,
  );
}

/** Float seconds or a Prometheus duration in milliseconds; undefined when it is not given. */
export function durationParam(params: Params, name: string): number | undefined {
  const text = params.get(name);
  if (text === "") return undefined;
  const seconds = parseGoFloatText(text);
  if (seconds !== undefined) {
    if (Math.abs(seconds) <= 2 ** 63 / 1e9) return seconds * 1_000;
    throw invalidParameter(
      name,
      `cannot parse ${JSON.stringify(text)} to a valid duration. It overflows int64`,
    );
  }
  const ms = parseDuration(text);
  if (ms === undefined)
    throw invalidParameter(name, `cannot parse ${JSON.stringify(text)} to a valid duration`);
  return ms;
}

/** The end of a range. Throws PromqlError where it is before the start. */
export function endOf(startMs: number, endMs: number): number {
  if (endMs >= startMs) return endMs;
  throw invalidParameter("end", "end timestamp must not be before start time");
}

/** A step in whole milliseconds. Throws PromqlError where it is none. */
export function stepOf(stepMs: number): number {
  if (stepMs > 0) return Math.max(1, Math.trunc(stepMs));
  throw invalidParameter(
    "step",
    "zero or negative query resolution step widths are not accepted. Try a positive integer",
  );
}

/** As Go's strconv.ParseBool reads it; undefined for other text. */
export function booleanOf(text: string): boolean | undefined {
  if (/^(?:1|t|T|true|TRUE|True)$/.test(text)) return true;
  return /^(?:0|f|F|false|FALSE|False)$/.test(text) ? false : undefined;
}

/** How many results at most; 0 is no limit. */
export function limitParam(params: Params): number {
  const text = params.get("limit");
  if (text === "") return 0;
  if (!/^[+-]?\d+$/.test(text)) {
    throw invalidParameter(
      "limit",
      `strconv.Atoi: parsing ${JSON.stringify(text)}: invalid syntax`,
    );
  }
  const limit = Number(text);
  if (limit < 0) throw invalidParameter("limit", "limit must be non-negative");
  return limit;
}

/** The selectors of match[]; each must hold a matcher that a series without the label fails. */
export function selectorsParam(params: Params, asParameter = false): (readonly Matcher[])[] {
  return params.all("match[]").map((text) => {
    try {
      const matchers = parseMetricSelector(text);
      if (!matchers.every(matchesEmpty)) return matchers;
    } catch (cause) {
      throw asParameter ? invalidParameter("match[]", messageOf(cause)) : cause;
    }
    const error = "match[] must contain at least one non-empty matcher";
    throw asParameter ? invalidParameter("match[]", error) : new PromqlError("bad_data", error);
  });
}
