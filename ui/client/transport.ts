import type { z } from "zod";
import { OperatingError, messageOf, type ErrorCode } from "#shared/errors.ts";

/** The longest that one request may take before it counts as failed. */
const requestTimeoutMs = 15_000;
/** Longer parameters go into the body: proxies refuse long addresses. Prometheus's and Loki's queries take them from either. */
const addressMax = 2_000;
/** The longest stretch of a refusal's text that is shown. */
const errorTextMax = 300;

export type JsonRequest = {
  readonly path: string;
  /** As pairs where a name repeats. */
  readonly params: Readonly<Record<string, string>> | readonly (readonly [string, string])[];
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as JSON with POST; without it the request is a GET. */
  readonly body?: unknown;
  /** Sent as it is with POST. */
  readonly text?: string;
  readonly method?: "DELETE";
  /** Ends the request when the picture that asked for it is gone. */
  readonly signal?: AbortSignal | undefined;
  /** The path takes its parameters as a POST's form, too: those that make a long address go there. */
  readonly isForm?: boolean;
  /** Longer than others may take, for what a person waits for. */
  readonly timeoutMs?: number;
};

/**
 * Gets JSON from the aggregator that served this page, and checks it against a schema.
 * Throws OperatingError: "unavailable" without an answer, "timeout", or by the answer's status.
 */
export async function fetchJson<S extends z.ZodType>(
  request: JsonRequest,
  schema: S,
): Promise<z.output<S>> {
  return readJson(request.path, await fetchText(request), schema);
}

/** Reads an answer's text, and checks it against a schema. */
export function readJson<S extends z.ZodType>(path: string, text: string, schema: S): z.output<S> {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new OperatingError("corrupt", `${path} answered something that is not JSON`, {
      cause,
    });
  }
  const checked = schema.safeParse(json);
  if (checked.success) return checked.data;
  const issue = checked.error.issues[0];
  const where = issue?.path.join(".") ?? "";
  throw new OperatingError(
    "corrupt",
    `${path} answered JSON of another shape: ${issue?.message ?? "unknown"} at "${where}"`,
  );
}

/** The text of an answer; throws as fetchJson() does. */
export async function fetchText(request: JsonRequest): Promise<string> {
  const { path, params, headers, body, method, signal, timeoutMs = requestTimeoutMs } = request;
  const timeout = AbortSignal.timeout(timeoutMs);
  let response: Response;
  let text: string;
  try {
    const query = queryText(params);
    const isLong = request.isForm === true && query.length > addressMax;
    response = await fetch(isLong ? path : `${path}?${query}`, {
      ...(isLong ? { method: "POST", body: new URLSearchParams(query) } : {}),
      ...(body !== undefined && { method: "POST", body: JSON.stringify(body) }),
      ...(request.text !== undefined && { method: "POST", body: request.text }),
      ...(method !== undefined && { method }),
      headers: {
        accept: "application/json",
        ...(body !== undefined && { "content-type": "application/json" }),
        ...headers,
      },
      signal: signal === undefined ? timeout : AbortSignal.any([signal, timeout]),
    });
    text = await response.text();
  } catch (cause) {
    if (signal?.aborted === true) throw cause;
    if (timeout.aborted) {
      const seconds = timeoutMs / 1_000;
      throw new OperatingError("timeout", `${path} gave no answer within ${seconds} s`, { cause });
    }
    throw new OperatingError("unavailable", "the aggregator does not answer", { cause });
  }
  if (response.ok) return text;
  throw new OperatingError(codeOf(response.status), refusal(path, response.status, text));
}

function queryText(params: JsonRequest["params"]): string {
  const pairs: readonly (readonly [string, string])[] = isPairs(params)
    ? params
    : Object.entries(params);
  return new URLSearchParams(pairs.map(([name, value]) => [name, value])).toString();
}

function isPairs(params: JsonRequest["params"]): params is readonly (readonly [string, string])[] {
  return Array.isArray(params);
}

function codeOf(status: number): ErrorCode {
  if (status === 404) return "not_found";
  if (status === 429) return "overloaded";
  if (status >= 500) return "unavailable";
  return "bad_request";
}

/** Prometheus's APIs put the reason into `error` of a JSON body, Alertmanager's answers a JSON string, and Loki's plain text. */
function refusal(path: string, status: number, text: string): string {
  let reason = text.trim();
  try {
    const json: unknown = JSON.parse(text);
    if (typeof json === "string") reason = json;
    if (typeof json === "object" && json !== null && "error" in json) {
      reason = messageOf(json.error);
    }
  } catch {
    // Not JSON: the text itself is the reason.
  }
  const shown = reason.slice(0, errorTextMax);
  return shown === "" ? `${path} answered status ${status}` : `${path}: ${shown} (${status})`;
}
