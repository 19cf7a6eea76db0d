import type { FailureReason } from "../outcome.ts";
import { SendFailure } from "../failure.ts";

export type Answer = {
  readonly status: number;
  readonly headers: Headers;
  /** At most answerBytesMax of it. */
  readonly text: string;
};

/** What is read of an answer; the rest is dropped. */
const answerBytesMax = 64 * 1024;
const detailsLengthMax = 300;

/** Reads the start of a body. */
export async function answerOf(response: Response): Promise<Answer> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of response.body ?? []) {
    chunks.push(chunk);
    length += chunk.length;
    // Leaving the loop cancels the rest.
    if (length >= answerBytesMax) break;
  }
  const text = Buffer.concat(chunks).subarray(0, answerBytesMax).toString("utf8");
  return { status: response.status, headers: response.headers, text };
}

/** A JSON answer, or undefined. */
export function jsonOf({ text }: Answer): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Throws SendFailure unless the status is 2xx. 5xx and 429 are retried, as are `retried`. */
export function requireSuccess(
  answer: Answer,
  nowMs: number,
  retried: readonly number[] = [],
): void {
  const { status, text } = answer;
  if (status >= 200 && status < 300) return;
  const details = text.trim().slice(0, detailsLengthMax);
  const retryAfterMs = retryAfterOf(answer, nowMs);
  throw new SendFailure(`unexpected status code ${status}${details === "" ? "" : `: ${details}`}`, {
    reason: reasonOf(status),
    isRetried: status >= 500 || status === 429 || retried.includes(status),
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  });
}

function reasonOf(status: number): FailureReason {
  if (status === 401 || status === 403) return "authError";
  if (status === 429) return "rateLimited";
  if (status >= 400 && status < 500) return "clientError";
  return status >= 500 && status < 600 ? "serverError" : "other";
}

/** Longest wait that a service may ask for. */
const retryAfterMsMax = 24 * 3_600_000;

/** By the header Retry-After (seconds or a date), or as Discord, Telegram and Matrix say it in JSON. */
function retryAfterOf(answer: Answer, nowMs: number): number | undefined {
  const header = answer.headers.get("retry-after");
  const ms = header === null ? retryAfterInBody(jsonOf(answer)) : headerMs(header, nowMs);
  return ms === undefined || !Number.isFinite(ms)
    ? undefined
    : Math.min(Math.max(0, Math.ceil(ms)), retryAfterMsMax);
}

function headerMs(header: string, nowMs: number): number {
  return /^\d+(?:\.\d+)?$/.test(header.trim())
    ? Number(header) * 1_000
    : Date.parse(header) - nowMs;
}

function retryAfterInBody(body: unknown): number | undefined {
  if (typeof body !== "object" || body === null) return undefined;
  if ("retry_after_ms" in body && typeof body.retry_after_ms === "number")
    return body.retry_after_ms;
  if ("retry_after" in body && typeof body.retry_after === "number")
    return body.retry_after * 1_000;
  return "parameters" in body ? retryAfterInBody(body.parameters) : undefined;
}
