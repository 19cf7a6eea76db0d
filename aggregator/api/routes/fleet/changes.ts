import type { Context, MiddlewareHandler } from "hono";
import { bodyLimit } from "hono/body-limit";
import { z } from "zod";
import { OperatingError, messageOf } from "#shared/errors.ts";

/** There is no login yet, so nobody has a name. */
export const httpActor = "anonymous (HTTP)";

/** Answers requests that may not change anything: all of them unless `fleet.http_changes` is set. */
export function refusalOfChange(
  c: Context,
  mayChange: boolean,
  command: string,
): Response | undefined {
  if (mayChange) return undefined;
  return c.json({ error: `fleet.http_changes is not set: use ${command}` }, 403);
}

/** Refuses bodies that are longer, and says how long they may be. */
export function limitedBody(bytesMax: number): MiddlewareHandler {
  const error = `the body is too long: expected ${bytesMax} bytes at most`;
  return bodyLimit({ maxSize: bytesMax, onError: (c) => c.json({ error }, 413) });
}

/** What went wrong, as `{error}`: for a Hono's onError. */
export function failure(thrown: unknown, c: Context): Response {
  return c.json({ error: wordsOf(thrown) }, statusOf(thrown));
}

function wordsOf(thrown: unknown): string {
  if (thrown instanceof z.ZodError) return z.prettifyError(thrown);
  const text = messageOf(thrown);
  return thrown instanceof SyntaxError ? `the body is not as expected, JSON: ${text}` : text;
}

function statusOf(thrown: unknown): 400 | 404 | 429 | 503 {
  if (thrown instanceof z.ZodError || thrown instanceof SyntaxError) return 400;
  if (!(thrown instanceof OperatingError)) return 503;
  if (thrown.code === "not_found") return 404;
  if (thrown.code === "overloaded") return 429;
  return thrown.code === "bad_request" ? 400 : 503;
}
