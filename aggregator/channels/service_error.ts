import type { FailureReason } from "./outcome.ts";
import { SendFailure } from "./failure.ts";

/** An answer with a status of success that reports an error. */
export function refusedBy(
  service: string,
  error: string,
  reason: FailureReason = "clientError",
  isRetried = false,
): SendFailure {
  return new SendFailure(`error response from ${service}: ${error}`, { reason, isRetried });
}

/** A text member of a JSON answer; empty where there is none. */
export function memberText(body: unknown, name: string): string {
  const value = memberOf(body, name);
  return typeof value === "string" || typeof value === "number" ? String(value) : "";
}

/** A member of a JSON answer; undefined where there is none. */
export function memberOf(body: unknown, name: string): unknown {
  if (typeof body !== "object" || body === null) return undefined;
  return Object.entries(body).find(([key]) => key === name)?.[1];
}
