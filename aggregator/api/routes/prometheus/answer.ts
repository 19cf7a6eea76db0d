import { OperatingError, messageOf } from "#shared/errors.ts";
import { PromqlError } from "#aggregator/query/promql/errors.ts";
import type { Context, Handler } from "hono";

type ErrorType =
  | "bad_data"
  | "execution"
  | "canceled"
  | "timeout"
  | "internal"
  | "unavailable"
  | "not_found";

const statuses = {
  bad_data: 400,
  execution: 422,
  canceled: 499,
  timeout: 503,
  internal: 500,
  unavailable: 500,
  not_found: 404,
} as const;

/** What a handler answers: `data` as JSON text, and notes about it. Without data it is 204 and empty. */
export type Answer = {
  readonly dataJson: string | undefined;
  readonly warnings?: readonly string[];
  readonly infos?: readonly string[];
};

export const truncated = "results truncated due to limit";

/** A parameter that can't be read: 400 with Prometheus's words. */
export function invalidParameter(name: string, cause: string): PromqlError {
  return new PromqlError("bad_data", `invalid parameter ${JSON.stringify(name)}: ${cause}`);
}

/** The one place where answers and failures become Prometheus's envelope. */
export function answering(handle: (c: Context) => Promise<Answer> | Answer): Handler {
  return async (c) => {
    try {
      const { dataJson, warnings = [], infos = [] } = await handle(c);
      if (dataJson === undefined) return new Response(null, { status: 204 });
      const notes = `${notesJson("warnings", warnings)}${notesJson("infos", infos)}`;
      const text = `{"status":"success","data":${dataJson}${notes}}`;
      return takesGzip(c) && text.length >= gzipLengthMin ? gzipped(text) : json(text, 200);
    } catch (thrown) {
      const errorType = errorTypeOf(thrown);
      const error = JSON.stringify(messageOf(thrown));
      return json(
        `{"status":"error","errorType":"${errorType}","error":${error}}`,
        statuses[errorType],
      );
    }
  };
}

/** Below, the headers weigh as much. */
const gzipLengthMin = 1_024;
/** gzip, or anything, with a quality above zero. */
const gzipAccepted = /(?:^|,)\s*(?:gzip|\*)\s*(?:;\s*q=(?:1(?:\.0*)?|0?\.\d*[1-9]\d*))?\s*(?:,|$)/i;

function takesGzip(c: Context): boolean {
  return gzipAccepted.test(c.req.header("accept-encoding") ?? "");
}

/** At once: 8 MB of points take libdeflate 40 ms, and the stream of the compress middleware 250 ms for no less bytes. */
function gzipped(text: string): Response {
  const body = Bun.gzipSync(Buffer.from(text), { level: 1, library: "libdeflate" });
  const headers = {
    "content-type": "application/json",
    "content-encoding": "gzip",
    vary: "Accept-Encoding",
  };
  return new Response(body, { headers });
}

function json(text: string, status: number): Response {
  return new Response(text, { status, headers: { "content-type": "application/json" } });
}

function notesJson(name: string, notes: readonly string[]): string {
  return notes.length === 0 ? "" : `,"${name}":${JSON.stringify(notes)}`;
}

function errorTypeOf(thrown: unknown): ErrorType {
  if (thrown instanceof PromqlError) return thrown.errorType;
  if (!(thrown instanceof OperatingError)) return "internal";
  switch (thrown.code) {
    case "bad_request":
      return "bad_data";
    case "not_found":
      return "not_found";
    case "overloaded":
      return "execution";
    case "timeout":
      return "timeout";
    case "cancelled":
      return "canceled";
    case "unavailable":
      return "unavailable";
    case "corrupt":
    case "no_space":
      return "internal";
  }
}
