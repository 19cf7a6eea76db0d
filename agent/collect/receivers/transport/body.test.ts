import { expect, test } from "bun:test";
import { brotliCompressSync, deflateSync, gzipSync, zstdCompressSync } from "node:zlib";
import { BodyError, TooLargeError, unpackedBody } from "./body.ts";

const megabyte = 1024 ** 2;
const packers = {
  gzip: gzipSync,
  deflate: deflateSync,
  br: brotliCompressSync,
  zstd: zstdCompressSync,
};

function noTake(): void {}

/** How often the event loop went round until a body was unpacked. */
async function turnsOf(work: () => Promise<unknown>): Promise<number> {
  let turns = 0;
  let isDone = false;
  const count = (): void => {
    turns++;
    if (!isDone) setImmediate(count);
  };
  setImmediate(count);
  await work();
  isDone = true;
  return turns;
}

test("unpackedBody() unpacks each encoding, small and large, and takes the memory of it", async () => {
  for (const [encoding, pack] of Object.entries(packers))
    for (const size of [1_000, 3 * megabyte]) {
      const raw = Buffer.alloc(size, "some text ");
      let taken = 0;
      const take = (bytes: number): void => void (taken += bytes);
      const unpacked = await unpackedBody(pack(raw), encoding, 4 * megabyte, take);
      expect(raw.equals(unpacked)).toBe(true);
      expect(taken).toBe(size);
    }
  const plain = Buffer.from("x");
  expect(await unpackedBody(plain, undefined, 10, noTake)).toBe(plain);
});

test("unpackedBody() leaves the event loop to others while it unpacks a large body", async () => {
  const packed = gzipSync(Buffer.alloc(30 * megabyte, " "));
  expect(await turnsOf(() => unpackedBody(packed, "gzip", 32 * megabyte, noTake))).toBeGreaterThan(
    9,
  );
  const small = gzipSync("x");
  expect(await turnsOf(() => unpackedBody(small, "gzip", megabyte, noTake))).toBe(0);
});

test("unpackedBody() refuses what unpacks to too much, what is not so encoded, and other encodings", async () => {
  const unpack = (bytes: Uint8Array, encoding: string) =>
    unpackedBody(bytes, encoding, 2 * megabyte, noTake);
  const bomb = gzipSync(Buffer.alloc(3 * megabyte));
  expect(unpack(bomb, "gzip")).rejects.toThrow(TooLargeError);
  const noise = Buffer.alloc(100_000, "noise");
  expect(unpack(noise, "gzip")).rejects.toThrow("body is not gzip");
  expect(unpack(noise.subarray(0, 10), "zstd")).rejects.toThrow("body is not zstd");
  expect(unpack(noise, "compress")).rejects.toThrow(BodyError);
});
