import { Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import type { ResolutionAnswer, ResolutionOrder } from "#proto/bus/resolution.ts";
import { answerResolution } from "#proto/bus/resolution_http.ts";

const bodyBytesMax = 64 * 1_024;

/** POST /api/v1/resolution: this agent ships samples finely, as a person on its host asks. */
export function resolutionRoutes(
  request: (order: ResolutionOrder) => Promise<ResolutionAnswer>,
): Hono {
  return new Hono().post("/api/v1/resolution", bodyLimit({ maxSize: bodyBytesMax }), (c) =>
    answerResolution(c, request),
  );
}
