import { promisify } from "node:util";
import { deflate, deflateSync, gzip } from "node:zlib";
import type { Encoding } from "./compressed.ts";

type Bytes = Uint8Array<ArrayBuffer>;

/** At once: 8 MB of points take libdeflate 40 ms, and a stream 250 ms for no less bytes. */
export function packedNow(bytes: Bytes, encoding: Encoding): Bytes {
  return packers[encoding](bytes);
}

/** In another thread. */
export async function packedBeside(bytes: Bytes, encoding: Encoding): Promise<Bytes> {
  return new Uint8Array(await backgroundPackers[encoding](bytes));
}

/** What a client must know of a packed body. */
export function packedHeaders(encoding: Encoding) {
  return { "content-encoding": encoding, vary: "Accept-Encoding" };
}

const packers: Readonly<Record<Encoding, (bytes: Bytes) => Bytes>> = {
  zstd: (bytes) => new Uint8Array(Bun.zstdCompressSync(bytes, { level: 1 })),
  gzip: (bytes) => Bun.gzipSync(bytes, { level: 1, library: "libdeflate" }),
  // HTTP's deflate is zlib's format, which Bun's own deflate is not.
  deflate: (bytes) => new Uint8Array(deflateSync(bytes, { level: 1 })),
};

const backgroundPackers: Readonly<Record<Encoding, (bytes: Bytes) => Promise<Uint8Array>>> = {
  zstd: (bytes) => Bun.zstdCompress(bytes, { level: 1 }),
  gzip: (bytes) => promisify(gzip)(bytes, { level: 1 }),
  deflate: (bytes) => promisify(deflate)(bytes, { level: 1 }),
};
