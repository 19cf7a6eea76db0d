import { z } from "zod";
import { OperatingError } from "#shared/errors.ts";
import { httpGet } from "../../collect/http/http_client.ts";
import { type HttpServiceConfig, httpClientOf, httpServiceShape } from "./http_service_config.ts";

/** A status page is a few KiB; those of many thousand workers or servers are some MiB. */
const pageBytesMax = 16 * 1_024 * 1_024;

/** Options of a service that shows a page by HTTP, beside `url`. */
export const pageShape = () => ({
  /** Connects here instead of to the host that `url` names. */
  unix_socket: z.string().startsWith("/", "expected an absolute path").optional(),
  ...httpServiceShape(),
});

type PageOptions = HttpServiceConfig & {
  readonly url: string;
  readonly unix_socket?: string | undefined;
};

/** What tells instances apart: host and port, or the socket. */
export function pageInstance({ url, unix_socket: socket }: PageOptions): string {
  return socket ?? new URL(url).host;
}

/** The page as text. Throws OperatingError with a sentence for people, without credentials. */
export async function pageText(
  options: PageOptions,
  { signal, timeoutMs }: { readonly signal: AbortSignal; readonly timeoutMs: number },
): Promise<string> {
  const { url, unix_socket: unixSocket } = options;
  const { body } = await httpGet({
    url,
    headers: { "User-Agent": "Lapwing", Accept: "*/*" },
    client: httpClientOf(options),
    timeoutMs,
    bodyBytesMax: pageBytesMax,
    signal,
    ...(unixSocket === undefined ? {} : { unixSocket }),
  });
  return Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString("utf8");
}

/** Thrown where a page is there, but is not the one that was meant: says how it began. */
export function wrongPage(expected: string, text: string): OperatingError {
  const [line = ""] = text.trimStart().split("\n");
  return new OperatingError(
    "corrupt",
    `expected ${expected}, got ${JSON.stringify(line.slice(0, 80))}`,
  );
}
