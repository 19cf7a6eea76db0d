import type { Context, MiddlewareHandler } from "hono";
import { parseAccept } from "hono/utils/accept";
import { COMPRESSIBLE_CONTENT_TYPE_REGEX } from "hono/utils/compress";

/** In the order of our preference: level 1 of zstd takes as long as gzip's and leaves a tenth less. */
const encodings = ["zstd", "gzip", "deflate"] as const;
export type Encoding = (typeof encodings)[number];
/** Those that web streams know by their standard. */
const streamEncodings = ["gzip", "deflate"] as const;

/** Below, the headers weigh as much. */
export const compressedLengthMin = 1_024;

/** The encoding that the client likes best and that we have (RFC 9110, 12.5.3), or none. */
export function encodingOf(c: Context): Encoding | undefined {
  return bestOf(c, encodings);
}

/** The same among those that a body can be packed in as it is sent. */
export function streamEncodingOf(c: Context): (typeof streamEncodings)[number] | undefined {
  return bestOf(c, streamEncodings);
}

function bestOf<One extends Encoding>(c: Context, among: readonly One[]): One | undefined {
  const header = c.req.header("accept-encoding");
  if (header === undefined) return undefined;
  const accepted = new Map(parseAccept(header).map(({ type, q }) => [type.toLowerCase(), q]));
  const any = accepted.get("*") ?? 0;
  let best: { readonly encoding: One; readonly q: number } | undefined;
  for (const encoding of among) {
    const q = accepted.get(encoding) ?? any;
    if (q > (best?.q ?? 0)) best = { encoding, q };
  }
  return best?.encoding;
}

/**
 * Compresses what is text and has no encoding yet, as it is streamed. What is known to be short goes as it is. The body is touched only where it
 * is compressed: asking for it makes a stream of it, which takes longer to send than a text.
 */
export const compressed: MiddlewareHandler = async (c, next) => {
  await next();
  const { headers, status } = c.res;
  const type = headers.get("content-type");
  if (status === 204 || status === 206 || c.req.method === "HEAD") return;
  if (headers.has("content-encoding") || type === null) return;
  if (!COMPRESSIBLE_CONTENT_TYPE_REGEX.test(type)) return;
  if (Number(headers.get("content-length") ?? Infinity) < compressedLengthMin) return;
  headers.set("vary", varyOf(headers.get("vary")));
  const encoding = streamEncodingOf(c);
  if (encoding === undefined) return;
  const { body } = c.res;
  if (body === null) return;
  c.res = new Response(body.pipeThrough(new CompressionStream(encoding)), c.res);
  c.res.headers.delete("content-length");
  c.res.headers.set("content-encoding", encoding);
};

function varyOf(sent: string | null): string {
  if (sent === null) return "Accept-Encoding";
  return /(?:^|,)\s*(?:\*|accept-encoding)\s*(?:,|$)/i.test(sent)
    ? sent
    : `${sent}, Accept-Encoding`;
}
