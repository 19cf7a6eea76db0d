import type { Hono } from "hono";
import { z } from "zod";
import { currentShare } from "#aggregator/read/memory/query_memory.ts";
import { OperatingError } from "#shared/errors.ts";
import type { QueryAnswer } from "./rpc.ts";

const Envelope = z.object({
  data: z.unknown(),
  warnings: z.array(z.string()).default([]),
  isPartial: z.literal(true).exactOptional(),
});
const Refusal = z.object({ error: z.string() });

/**
 * The `data` of one of our own HTTP endpoints, so that RPC and HTTP can't answer differently. Throws OperatingError with the
 * endpoint's reason.
 */
export async function answerOf(
  app: Hono,
  path: string,
  parameters: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<QueryAnswer> {
  const body = new URLSearchParams(parameters);
  const response = await app.request(path, { method: "POST", body, signal });
  const text = await response.text();
  currentShare()?.hold(text.length);
  if (!response.ok) throw new OperatingError(codeOf(response.status), reasonOf(text));
  const { data, ...notes } = Envelope.parse(JSON.parse(text));
  return { json: JSON.stringify(data), ...notes };
}

function codeOf(status: number) {
  if (status === 503 || status === 504) return "timeout";
  if (status === 429) return "overloaded";
  return status < 500 ? "bad_request" : "unavailable";
}

/** Prometheus's errors are JSON, Loki's plain text. */
function reasonOf(text: string): string {
  try {
    return Refusal.parse(JSON.parse(text)).error;
  } catch {
    return text;
  }
}
