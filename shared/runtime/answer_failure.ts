import { HTTPException } from "hono/http-exception";
import { messageOf } from "../errors.ts";
import type { Logger } from "./log.ts";

/** nginx's status for a client that went away: it does not get it, but counters of requests do. */
const clientClosedRequest = 499;

/**
 * The answer to a request whose route throws. A client that hung up is no failure; everything else is one line of the log and a 500. `request` is
 * absent where the server itself failed on it.
 */
export function answerFailure(
  thrown: unknown,
  request: Request | undefined,
  log: Logger | undefined,
): Response {
  if (thrown instanceof HTTPException) return thrown.getResponse();
  const error = messageOf(thrown);
  const at = request && { method: request.method, path: new URL(request.url).pathname };
  if (request?.signal.aborted === true || isHangUp(thrown)) {
    log?.debug("a client hung up", { ...at, error });
    return new Response(null, { status: clientClosedRequest });
  }
  log?.error("a request failed", { ...at, error });
  return new Response("Internal Server Error\n", { status: 500 });
}

function isHangUp(thrown: unknown): boolean {
  return thrown instanceof Error && thrown.name === "AbortError";
}
