import { messageOf } from "#shared/errors.ts";
import { authorizationOf, readFile, tlsOf } from "#shared/http/credentials.ts";
import { version } from "#shared/version.ts";
import { SendFailure } from "../failure.ts";
import { type Answer, answerOf } from "./answer.ts";
import { type HttpConfig, defaultHttpConfig } from "./http_config.ts";
import { oauthHeader } from "./oauth2.ts";
import { proxyOf } from "./proxy.ts";
import type { Sending } from "./sending.ts";

export type Outgoing = {
  readonly method?: "GET" | "POST" | "PUT";
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as JSON. */
  readonly json?: unknown;
  readonly body?: string | Uint8Array<ArrayBuffer> | FormData;
};

/** One request of a channel, and the start of its answer, whatever the status. Throws SendFailure. */
export async function exchange(outgoing: Outgoing, sending: Sending): Promise<Answer> {
  const { http = defaultHttpConfig, parts, secrets, timeoutMs = 0 } = sending;
  const { url } = outgoing;
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol))
    throw new SendFailure("invalid URL: expected http:// or https:// with a host", {
      reason: "clientError",
      isRetried: false,
    });
  secrets.add(url);
  const signal =
    timeoutMs === 0
      ? sending.signal
      : AbortSignal.any([sending.signal, AbortSignal.timeout(timeoutMs)]);
  try {
    const headers = new Headers({ "User-Agent": `Lapwing/${version}` });
    if (outgoing.json !== undefined) headers.set("Content-Type", "application/json");
    await authorize(headers, http, { ...sending, signal });
    for (const [name, value] of Object.entries(outgoing.headers ?? {})) headers.set(name, value);
    const body = outgoing.json === undefined ? outgoing.body : JSON.stringify(outgoing.json);
    const proxy = proxyOf(url, http);
    const response = await parts.fetch(url, {
      method: outgoing.method ?? "POST",
      headers,
      redirect: http.follow_redirects ? "follow" : "manual",
      signal,
      ...(body === undefined ? {} : { body }),
      ...(url.startsWith("https:") ? { tls: await tlsOf(http) } : {}),
      ...(proxy === undefined ? {} : { proxy }),
    });
    return await answerOf(response);
  } catch (cause) {
    if (cause instanceof SendFailure) throw cause;
    const isLate = signal.aborted;
    const message = isLate ? "no complete answer in time" : `request failed: ${messageOf(cause)}`;
    throw new SendFailure(
      message,
      { reason: isLate ? "contextDeadlineExceeded" : "other", isRetried: true },
      { cause },
    );
  }
}

async function authorize(headers: Headers, http: HttpConfig, sending: Sending): Promise<void> {
  const authorization =
    http.oauth2 === undefined
      ? await authorizationOf(http)
      : await oauthHeader(http.oauth2, http, sending);
  if (authorization !== undefined) {
    headers.set("Authorization", authorization);
    sending.secrets.add(authorization.slice(authorization.indexOf(" ") + 1));
  }
  for (const [name, { values, secrets, files }] of Object.entries(http.http_headers)) {
    for (const value of values) headers.append(name, value);
    const fromFiles = await Promise.all(files.map(async (file) => (await readFile(file)).trim()));
    for (const value of [...secrets, ...fromFiles]) {
      sending.secrets.add(value);
      headers.append(name, value);
    }
  }
}
