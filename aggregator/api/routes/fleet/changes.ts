import type { Context } from "hono";
import { z } from "zod";
import { OperatingError } from "#shared/errors.ts";
import { isFromElsewhere } from "../../other_sites.ts";

/** There is no login yet, so nobody has a name. */
export const httpActor = "anonymous (HTTP)";

/** Answers requests that may not change anything: all of them unless `fleet.http_changes` is set, and those of other sites' pages. */
export function refusalOfChange(
  c: Context,
  mayChange: boolean,
  command: string,
): Response | undefined {
  if (!mayChange) return c.json({ error: `fleet.http_changes is not set: use ${command}` }, 403);
  return isFromElsewhere(c) ? c.json({ error: "not from another site" }, 403) : undefined;
}

/** The status of an answer to what went wrong. */
export function statusOf(thrown: unknown): 400 | 404 | 503 {
  if (thrown instanceof z.ZodError || thrown instanceof SyntaxError) return 400;
  if (!(thrown instanceof OperatingError)) return 503;
  if (thrown.code === "not_found") return 404;
  return thrown.code === "bad_request" ? 400 : 503;
}
