import { expect, test } from "bun:test";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { messageOf } from "#shared/errors.ts";
import { checksumOf } from "./checksum.ts";
import { stripeBytes, XxHash64 } from "./xx_hash64.ts";

/** Runs of the highest byte carry the furthest. */
const pattern = Uint8Array.from({ length: 997 }, (_, i) => (i % 5 < 2 ? 255 : (i * 167) % 256));

function bytesOf(length: number): Uint8Array<ArrayBuffer> {
  return new Uint8Array(Buffer.alloc(length, pattern));
}

test("XxHash64 hashes bytes in pieces as the runtime does at once, of every length", () => {
  for (let length = 0; length < 140; length++) {
    const bytes = bytesOf(length);
    const hash = new XxHash64();
    const whole = length - (length % stripeBytes);
    const cut = Math.min(whole, 2 * stripeBytes);
    hash.add(bytes.subarray(0, cut));
    hash.add(bytes.subarray(cut, whole));
    expect({ length, hash: hash.end(bytes.subarray(whole)) }).toEqual({
      length,
      hash: Bun.hash.xxHash64(bytes),
    });
  }
});

test("checksumOf() is the same for a file that is read at once and in pieces", async () => {
  const folder = await mkdtemp(join(tmpdir(), "lapwing-checksum-"));
  try {
    for (const length of [0, 5, 2 ** 18 - 1, 2 ** 18, 2 ** 18 + 33, 2 ** 19 + 7]) {
      const bytes = bytesOf(length);
      const path = join(folder, String(length));
      await writeFile(path, bytes);
      const expected = Bun.hash.xxHash64(bytes).toString(16).padStart(16, "0");
      const [atOnce, inPieces] = [await checksumOf(path), await checksumOf(path, -1)];
      expect({ length, atOnce, inPieces }).toEqual({
        length,
        atOnce: expected,
        inPieces: expected,
      });
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

test("checksumOf() says which file cannot be read", async () => {
  const read = checksumOf("/no/such/file");
  expect(await read.catch(messageOf)).toContain("read /no/such/file");
});
