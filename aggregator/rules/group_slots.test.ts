import { expect, test } from "bun:test";
import { slotOffsetMs } from "./group_slots.ts";

const hashOf = (...bytes: readonly (string | number)[]): bigint =>
  Bun.hash.xxHash64(
    Buffer.concat(
      bytes.map((one) => (typeof one === "string" ? Buffer.from(one) : Buffer.of(one))),
    ),
  );

test("slotOffsetMs() is the hash of the labels file and name, as Prometheus keeps them, in nanoseconds", () => {
  const hash = hashOf(4, "file", 8, "/r/a.yml", 4, "name", 3, "cpu");
  const offset = slotOffsetMs({ file: "/r/a.yml", name: "cpu", intervalMs: 15_000 });
  expect(offset).toBe(Number((hash % 15_000_000_000n) / 1_000_000n));
});

test("slotOffsetMs() writes the length of a long name in three bytes", () => {
  const file = "f".repeat(300);
  const hash = hashOf(4, "file", 255, 300 & 255, 300 >> 8, 0, file, 4, "name", 0);
  expect(slotOffsetMs({ file, name: "", intervalMs: 60_000 })).toBe(
    Number((hash % 60_000_000_000n) / 1_000_000n),
  );
});

// XXH64 of no bytes with seed 0, by its specification.
test("the hash is xxHash64 with seed 0", () => {
  expect(Bun.hash.xxHash64("")).toBe(0xef46db3751d8e999n);
});
