import { brotliCompressSync, deflateSync, gzipSync, zstdCompressSync } from "node:zlib";
import {
  createBrotliDecompress,
  createGunzip,
  createInflate,
  createZstdDecompress,
} from "node:zlib";
import { expect, test } from "bun:test";
import { turnsSoFar } from "#shared/async/turns.ts";
import { unpackedInTurns } from "./unpacked_in_turns.ts";

const chunkSize = 256 * 1024;
const text = Buffer.alloc(9 * 1024 ** 2, Array.from({ length: 999 }, (_, i) => `line ${i}`).join());
const whole = Number.MAX_SAFE_INTEGER;
const faultOf = async (answer: Promise<unknown>): Promise<unknown> => {
  try {
    await answer;
  } catch (thrown) {
    return thrown;
  }
  return undefined;
};

test("each encoding gives all bytes, in several turns where there are many", async () => {
  const packed = {
    gzip: [gzipSync(text), createGunzip({ chunkSize })],
    twice: [
      Buffer.concat([gzipSync(text.subarray(0, 9)), gzipSync(text.subarray(9))]),
      createGunzip(),
    ],
    deflate: [deflateSync(text), createInflate({ chunkSize })],
    zstd: [zstdCompressSync(text), createZstdDecompress({ chunkSize })],
    br: [brotliCompressSync(text, { params: { 1: 1 } }), createBrotliDecompress({ chunkSize })],
  } as const;
  const before = turnsSoFar();
  for (const [bytes, stream] of Object.values(packed))
    expect(Buffer.compare(await unpackedInTurns(stream, bytes, whole), text)).toBe(0);
  expect(turnsSoFar()).toBeGreaterThan(before);
  const nothing = await unpackedInTurns(createGunzip(), gzipSync(""), whole);
  expect(nothing).toHaveLength(0);
});

test("it ends at the limit, and where bytes are no such encoding or break off", async () => {
  const packed = gzipSync(text);
  expect(await unpackedInTurns(createGunzip(), packed, text.length)).toHaveLength(text.length);
  const tooLarge = await faultOf(unpackedInTurns(createGunzip(), packed, text.length - 1));
  expect(tooLarge).toMatchObject({ code: "ERR_BUFFER_TOO_LARGE" });
  for (const bad of [text, packed.subarray(0, -9), packed.subarray(0, packed.length / 2)])
    expect(await faultOf(unpackedInTurns(createGunzip(), bad, whole))).toBeInstanceOf(Error);
});
