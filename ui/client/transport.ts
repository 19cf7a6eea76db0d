import type { z } from "zod";
import { OperatingError, messageOf, type ErrorCode } from "#shared/errors.ts";

/** The longest that one request may take before it counts as failed. */
const requestTimeoutMs = 15_000;
/** The longest stretch of a refusal's text that is shown. */
const errorTextMax = 300;

export type JsonRequest = {
  readonly path: string;
  readonly params: Readonly<Record<string, string>>;
  /** Ends the request when the picture that asked for it is gone. */
  readonly signal?: AbortSignal | undefined;
};

/**
 * GETs JSON from the aggregator that served this page, and checks it against a schema.
 * Throws OperatingError: "unavailable" without an answer, "timeout", or by the answer's status.
 */
export async function fetchJson<S extends z.ZodType>(
  request: JsonRequest,
  schema: S,
): Promise<z.output<S>> {
  const text = await fetchText(request);
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new OperatingError("corrupt", `${request.path} answered something that is not JSON`, {
      cause,
    });
  }
  const checked = schema.safeParse(json);
  if (checked.success) return checked.data;
  const issue = checked.error.issues[0];
  const where = issue?.path.join(".") ?? "";
  throw new OperatingError(
    "corrupt",
    `${request.path} answered JSON of another shape: ${issue?.message ?? "unknown"} at "${where}"`,
  );
}

async function fetchText({ path, params, signal }: JsonRequest): Promise<string> {
  const timeout = AbortSignal.timeout(requestTimeoutMs);
  let response: Response;
  let text: string;
  try {
    response = await fetch(`${path}?${new URLSearchParams(params).toString()}`, {
      headers: { accept: "application/json" },
      signal: signal === undefined ? timeout : AbortSignal.any([signal, timeout]),
    });
    text = await response.text();
  } catch (cause) {
    if (signal?.aborted === true) throw cause;
    if (timeout.aborted) {
      const seconds = requestTimeoutMs / 1_000;
      throw new OperatingError("timeout", `${path} gave no answer within ${seconds} s`, { cause });
    }
    throw new OperatingError("unavailable", "the aggregator does not answer", { cause });
  }
  if (response.ok) return text;
  throw new OperatingError(codeOf(response.status), refusal(path, response.status, text));
}

function codeOf(status: number): ErrorCode {
  if (status === 404) return "not_found";
  if (status === 429) return "overloaded";
  if (status >= 500) return "unavailable";
  return "bad_request";
}

/** Prometheus's APIs put the reason into `error` of a JSON body; Loki's answer plain text. */
function refusal(path: string, status: number, text: string): string {
  let reason = text.trim();
  try {
    const json: unknown = JSON.parse(text);
    if (typeof json === "object" && json !== null && "error" in json) {
      reason = messageOf(json.error);
    }
  } catch {
    // Not JSON: the text itself is the reason.
  }
  const shown = reason.slice(0, errorTextMax);
  return shown === "" ? `${path} answered status ${status}` : `${path}: ${shown} (${status})`;
}
