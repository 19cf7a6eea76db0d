import { readFile } from "node:fs/promises";
import { OperatingError } from "#shared/errors.ts";
import type { WebhookConfig } from "../config.ts";
import { RefusedError, type Send } from "./notifier.ts";

/** POSTs messages. 2xx is success; 429, 5xx and what has no answer is tried again, as Alertmanager does; no redirect is followed. */
export function webhookSend(config: WebhookConfig): Send {
  return async (body, signal) => {
    const url = config.url ?? (await contentOf(config.url_file ?? ""));
    const token =
      config.bearer_token ??
      (config.bearer_token_file === undefined
        ? undefined
        : await contentOf(config.bearer_token_file));
    const status = await post(
      url,
      body,
      token,
      AbortSignal.any([signal, AbortSignal.timeout(config.timeout)]),
    );
    if (status >= 200 && status < 300) return;
    const message = `answered ${status}`;
    if (status === 429 || status >= 500) throw new OperatingError("unavailable", message);
    throw new RefusedError(message);
  };
}

async function post(
  url: string,
  body: string,
  token: string | undefined,
  signal: AbortSignal,
): Promise<number> {
  try {
    const response = await fetch(url, {
      method: "POST",
      body,
      signal,
      redirect: "manual",
      headers: {
        "content-type": "application/json",
        "user-agent": "lapwing-agent",
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      },
    });
    await response.body?.cancel();
    return response.status;
  } catch (thrown) {
    // The words of what was thrown may hold the address, which may be a secret.
    throw new OperatingError("unavailable", `no answer (${codeOf(thrown)})`);
  }
}

function codeOf(thrown: unknown): string {
  if (!(thrown instanceof Error)) return "unknown";
  return "code" in thrown && typeof thrown.code === "string" ? thrown.code : thrown.name;
}

async function contentOf(path: string): Promise<string> {
  return (await readFile(path, "utf8")).trim();
}
