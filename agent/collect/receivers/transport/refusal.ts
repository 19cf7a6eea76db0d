import { OperatingError, messageOf } from "#shared/errors.ts";
import { BodyError, TooLargeError } from "./body.ts";

/** How a request ends, before a protocol puts it into its own words. */
export type Refusal = {
  readonly status: number;
  readonly message: string;
  readonly retryAfterSeconds?: number;
};

/** Short: a spool that syncs or a neighbour's request is done soon. */
const retryAfterSeconds = 1;

/**
 * Status for whatever stopped a request. Trouble of ours is 503, so that senders of all protocols come again; a bug is
 * thrown on.
 */
export function refusalOf(thrown: unknown): Refusal {
  if (thrown instanceof TooLargeError) return { status: 413, message: thrown.message };
  if (thrown instanceof BodyError) return { status: thrown.status, message: thrown.message };
  if (!(thrown instanceof OperatingError)) throw thrown;
  if (thrown.code === "bad_request") return { status: 400, message: thrown.message };
  return { status: 503, message: messageOf(thrown), retryAfterSeconds };
}

/** The refusal as plain text. */
export function textAnswer({ status, message, retryAfterSeconds: after }: Refusal): Response {
  const headers = new Headers({ "Content-Type": "text/plain; charset=utf-8" });
  if (after !== undefined) headers.set("Retry-After", String(after));
  return new Response(`${message}\n`, { status, headers });
}
