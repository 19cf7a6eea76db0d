import { expect, test } from "bun:test";
import { turnsSoFar } from "#shared/async/turns.ts";
import { LargeBytes } from "./large_bytes.ts";

const pieces = [5, 700_000, 0, 1, 3_000_000].map((length, i) => new Uint8Array(length).fill(i + 1));
const whole = Buffer.concat(pieces);

test("pieces become one, whatever was expected", async () => {
  for (const expected of [0, 5, 700_005, whole.length - 1, whole.length, whole.length + 7]) {
    const bytes = new LargeBytes(expected);
    for (const piece of pieces) bytes.add(piece);
    expect(bytes.length).toBe(whole.length);
    const joined = await bytes.joined();
    expect(Buffer.compare(joined, whole)).toBe(0);
  }
});

test("a single piece is not copied, and none is no bytes", async () => {
  const only = Uint8Array.of(1, 2, 3);
  const bytes = new LargeBytes();
  bytes.add(only);
  expect(await bytes.joined()).toBe(only);
  expect(await new LargeBytes().joined()).toHaveLength(0);
});

test("much is joined in several turns", async () => {
  const bytes = new LargeBytes();
  for (let i = 0; i < 64; i++) bytes.add(new Uint8Array(1024 ** 2));
  const before = turnsSoFar();
  await bytes.joined();
  expect(turnsSoFar()).toBeGreaterThan(before);
});
