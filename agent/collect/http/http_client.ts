import { promisify } from "node:util";
import { createGunzip, gunzip } from "node:zlib";
import { isTurnOver, nextTurn } from "#shared/async/turns.ts";
import { OperatingError, messageOf } from "#shared/errors.ts";
import { LargeBytes } from "../large_bytes.ts";
import { unpackedInTurns } from "../unpacked_in_turns.ts";
import type { HttpClientConfig } from "#shared/http/client_config.ts";
import { authorizationOf, tlsOf } from "#shared/http/credentials.ts";

export type HttpRequest = {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly client: HttpClientConfig;
  readonly timeoutMs: number;
  /** A body whose length, unpacked, reaches this fails. */
  readonly bodyBytesMax: number;
  readonly unixSocket?: string;
  /** Waited for before more than a mebibyte of the body is read or unpacked; until then the server waits. The signal aborts at the timeout. */
  readonly admitLarge?: (signal: AbortSignal) => Promise<void>;
  /** Ends the request early. */
  readonly signal: AbortSignal;
};

export type HttpAnswer = { readonly contentType: string; readonly body: Uint8Array };

/** The body was larger than its limit. */
export class BodySizeError extends OperatingError {
  constructor(limitBytes: number) {
    super("overloaded", `body size limit of ${limitBytes} bytes is exceeded`);
  }
}

const unzip = promisify(gunzip);
/** A body of up to so much is read without asking. */
const largeBodyBytes = 1024 ** 2;
/** Pieces that zlib makes of a large body. */
const chunkSize = 256 * 1024;

/**
 * GETs a body within its limits of time and size. Only status 200 counts. Throws OperatingError with a sentence for
 * people, in which neither credentials nor the URL appear.
 */
export async function httpGet(request: HttpRequest): Promise<HttpAnswer> {
  const abort = new AbortController();
  const stop = () => abort.abort();
  if (request.signal.aborted) stop();
  request.signal.addEventListener("abort", stop, { once: true });
  let isLate = false;
  const timer = setTimeout(() => {
    isLate = true;
    stop();
  }, request.timeoutMs);
  try {
    return await get(request, abort.signal);
  } catch (thrown) {
    // Frees the connection of an answer that was not read to its end.
    stop();
    if (thrown instanceof OperatingError) throw thrown;
    if (isLate) {
      const message = `context deadline exceeded: no complete answer within ${request.timeoutMs} ms`;
      throw new OperatingError("timeout", message, { cause: thrown });
    }
    if (request.signal.aborted) throw new OperatingError("cancelled", "stopped", { cause: thrown });
    throw new OperatingError("unavailable", messageOf(thrown), { cause: thrown });
  } finally {
    clearTimeout(timer);
    request.signal.removeEventListener("abort", stop);
  }
}

async function get(request: HttpRequest, signal: AbortSignal): Promise<HttpAnswer> {
  const { client } = request;
  const authorization = await authorizationOf(client);
  const response = await fetch(request.url, {
    headers: {
      ...request.headers,
      ...(authorization === undefined ? {} : { Authorization: authorization }),
    },
    redirect: client.follow_redirects ? "follow" : "manual",
    signal,
    // Bodies are unpacked here, within the limit.
    decompress: false,
    ...(request.url.startsWith("https:") ? { tls: await tlsOf(client) } : {}),
    ...(client.proxy_url === undefined ? {} : { proxy: client.proxy_url }),
    ...(request.unixSocket === undefined ? {} : { unix: request.unixSocket }),
  });
  if (response.status !== 200) {
    const status = `${response.status} ${response.statusText}`.trim();
    throw new OperatingError("unavailable", `server returned HTTP status ${status}`);
  }
  let isAdmitted = request.admitLarge === undefined;
  const admit = async (): Promise<void> => {
    if (!isAdmitted) await request.admitLarge?.(signal);
    isAdmitted = true;
  };
  const packed = await readBody(response, request.bodyBytesMax, admit);
  const encoding = response.headers.get("content-encoding")?.trim().toLowerCase() ?? "";
  const contentType = response.headers.get("content-type") ?? "";
  if (encoding === "" || encoding === "identity") return { contentType, body: packed };
  if (encoding !== "gzip" && encoding !== "x-gzip")
    throw new OperatingError("bad_request", `content encoding "${encoding}" is not supported`);
  if (!isAdmitted) {
    const body = await unpack(packed, Math.min(largeBodyBytes, request.bodyBytesMax));
    if (body !== undefined) return { contentType, body };
    await admit();
  }
  const body = await unpack(packed, request.bodyBytesMax);
  if (body === undefined) throw new BodySizeError(request.bodyBytesMax);
  return { contentType, body };
}

async function readBody(
  response: Response,
  bytesMax: number,
  admit: () => Promise<void>,
): Promise<Uint8Array> {
  const announced = Number(response.headers.get("content-length") ?? 0);
  if (announced >= bytesMax) throw new BodySizeError(bytesMax);
  if (response.body === null) return new Uint8Array();
  if (announced > largeBodyBytes) await admit();
  // Most bodies are one chunk.
  let only: Uint8Array | undefined;
  let more: LargeBytes | undefined;
  let length = 0;
  const reader = response.body.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    length += value.length;
    if (length >= bytesMax) {
      await reader.cancel();
      throw new BodySizeError(bytesMax);
    }
    if (length > largeBodyBytes) {
      await admit();
      // What has arrived is read without a pause otherwise, for as long as more of it arrives.
      if (isTurnOver()) await nextTurn();
    }
    if (only === undefined) only = value;
    else {
      if (more === undefined) {
        more = new LargeBytes(announced);
        more.add(only);
      }
      more.add(value);
    }
  }
  return more === undefined ? (only ?? new Uint8Array()) : await more.joined();
}

/** Undefined where it would reach `bytesMax`. */
async function unpack(body: Uint8Array, bytesMax: number): Promise<Uint8Array | undefined> {
  // One below the limit, so that reaching it fails as it does for plain bodies.
  const maxOutputLength = Math.max(bytesMax - 1, 1);
  try {
    return maxOutputLength <= largeBodyBytes
      ? await unzip(body, { maxOutputLength })
      : await unpackedInTurns(createGunzip({ chunkSize }), body, maxOutputLength);
  } catch (thrown) {
    const isTooLarge =
      thrown instanceof Error && "code" in thrown && thrown.code === "ERR_BUFFER_TOO_LARGE";
    if (isTooLarge) return undefined;
    throw new OperatingError("bad_request", `gzip: ${messageOf(thrown)}`, { cause: thrown });
  }
}
