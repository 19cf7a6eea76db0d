import type { Context } from "hono";
import { type ErrorCode, OperatingError, messageOf } from "#shared/errors.ts";
import { type ResolutionAnswer, type ResolutionOrder, resolutionRequest } from "./resolution.ts";

/** What agent and aggregator answer alike: an order as JSON, and what became of it. Times are Unix seconds. */
export async function answerResolution(
  c: Context,
  request: (order: ResolutionOrder) => Promise<ResolutionAnswer>,
): Promise<Response> {
  // A browser asks before it sends this type to another site, and is told no.
  if (!(c.req.header("content-type") ?? "").startsWith("application/json"))
    return c.json({ error: "expected content-type application/json" }, 415);
  const body: unknown = await c.req.json().catch(() => undefined);
  const order = resolutionRequest().safeParse(body);
  if (!order.success) {
    const issues = order.error.issues.map(
      ({ path, message }) => `${path.join(".") || "body"}: ${message}`,
    );
    return c.json({ error: issues.join("; ") }, 400);
  }
  try {
    const { fromMs, toMs, series, samples, isCut } = await request(order.data);
    return c.json({ start: fromMs / 1_000, end: toMs / 1_000, series, samples, cut_short: isCut });
  } catch (thrown) {
    const code = thrown instanceof OperatingError ? thrown.code : "unavailable";
    const status = statuses[code] ?? 503;
    if (status === 429) c.header("retry-after", "60");
    return c.json({ error: messageOf(thrown) }, status);
  }
}

const statuses: Partial<Record<ErrorCode, 400 | 404 | 429 | 503 | 504>> = {
  bad_request: 400,
  not_found: 404,
  overloaded: 429,
  timeout: 504,
};
