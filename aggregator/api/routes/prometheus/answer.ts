import { type Encoding, compressedLengthMin, encodingOf } from "#aggregator/api/compressed.ts";
import {
  joinInTurns,
  lengthOf,
  retryAfter,
  streamed,
  wholeMax,
} from "#aggregator/api/large_answer.ts";
import { packedBeside, packedHeaders, packedNow } from "#aggregator/api/packed.ts";
import { pacer } from "#shared/async/pacer.ts";
import { ownTurn } from "#shared/async/turns.ts";
import { OperatingError, messageOf } from "#shared/errors.ts";
import type { PartialMark } from "#aggregator/read/missing_blocks.ts";
import { QueryMemoryError } from "#aggregator/read/memory/memory_error.ts";
import { countRefusal } from "#aggregator/query/refusals.ts";
import { PromqlError } from "#shared/query_language/promql/errors.ts";
import type { Context, Handler } from "hono";

type ErrorType =
  | "bad_data"
  | "execution"
  | "canceled"
  | "timeout"
  | "internal"
  | "unavailable"
  | "too_many_requests"
  | "not_found";

const statuses = {
  bad_data: 400,
  execution: 422,
  canceled: 499,
  timeout: 503,
  internal: 500,
  unavailable: 500,
  // Prometheus has none; in Mimir's and Thanos's words.
  too_many_requests: 429,
  not_found: 404,
} as const;

/** What a handler answers: `data` as JSON text, whole or in pieces, and notes about it. Without data it is 204 and empty. */
export type Answer = PartialMark & {
  readonly dataJson: string | Iterable<string> | undefined;
  readonly warnings?: readonly string[];
  readonly infos?: readonly string[];
};

export const truncated = "results truncated due to limit";

/** A parameter that can't be read: 400 with Prometheus's words. */
export function invalidParameter(
  name: string,
  reason: string,
  options?: ErrorOptions,
): PromqlError {
  return new PromqlError(
    "bad_data",
    `invalid parameter ${JSON.stringify(name)}: ${reason}`,
    options,
  );
}

/** The one place where answers and failures become Prometheus's envelope. */
export function answering(handle: (c: Context) => Promise<Answer> | Answer): Handler {
  return async (c) => {
    try {
      await ownTurn();
      const { dataJson, isPartial, warnings = [], infos = [] } = await handle(c);
      if (dataJson === undefined) return new Response(null, { status: 204 });
      const mark = isPartial === true ? ',"isPartial":true' : "";
      const notes = `${mark}${notesJson("warnings", warnings)}${notesJson("infos", infos)}`;
      const pieces = typeof dataJson === "string" ? [dataJson] : await joinInTurns(dataJson);
      const texts = ['{"status":"success","data":', ...pieces, `${notes}}`];
      const length = lengthOf(texts);
      const encoding = length < compressedLengthMin ? undefined : encodingOf(c);
      if (length > wholeMax) return await large(texts, encoding);
      const text = texts.join("");
      return encoding === undefined
        ? json(text, 200)
        : packedBody(packedNow(Buffer.from(text), encoding), encoding);
    } catch (thrown) {
      return refusal(thrown);
    }
  };
}

/** Prometheus's envelope of a failure, with the status of its kind. */
export function refusal(thrown: unknown): Response {
  countRefusal(thrown);
  const errorType = errorTypeOf(thrown);
  const error = JSON.stringify(messageOf(thrown));
  const status = statuses[errorType];
  const answer = json(`{"status":"error","errorType":"${errorType}","error":${error}}`, status);
  if (status === 429) answer.headers.set("retry-after", retryAfter);
  return answer;
}

/** An answer of many megabytes: its bytes are made with pauses, and packed in another thread. */
async function large(texts: readonly string[], encoding: Encoding | undefined): Promise<Response> {
  if (encoding === undefined) return streamed(texts);
  const pause = pacer();
  const parts: Buffer[] = [];
  for (const text of texts) {
    parts.push(Buffer.from(text));
    await pause();
  }
  return packedBody(await packedBeside(Buffer.concat(parts), encoding), encoding);
}

function packedBody(bytes: Uint8Array<ArrayBuffer>, encoding: Encoding): Response {
  return new Response(bytes, {
    headers: { "content-type": "application/json", ...packedHeaders(encoding) },
  });
}

function json(text: string, status: number): Response {
  return new Response(text, { status, headers: { "content-type": "application/json" } });
}

function notesJson(name: string, notes: readonly string[]): string {
  return notes.length === 0 ? "" : `,"${name}":${JSON.stringify(notes)}`;
}

function errorTypeOf(thrown: unknown): ErrorType {
  if (thrown instanceof PromqlError) return thrown.errorType;
  if (thrown instanceof QueryMemoryError)
    return thrown.refusal === "busy" ? "too_many_requests" : "execution";
  if (!(thrown instanceof OperatingError)) return "internal";
  switch (thrown.code) {
    case "bad_request":
    case "conflict":
    case "read_only":
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
