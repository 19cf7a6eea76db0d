import { expect, test } from "bun:test";
import * as fc from "fast-check";
import { TextPool } from "./text_pool.ts";

test("of() returns an equal text, whatever the text and however many came before", () => {
  const pool = new TextPool();
  const unit = fc.constantFrom("a", "b", "é", "€", "\ud83d", "\udca5", "\0");
  fc.assert(
    fc.property(fc.string({ unit, maxLength: 4 }), (text) => {
      expect(pool.of(text)).toBe(text);
    }),
    { numRuns: 5_000 },
  );
  for (let i = 0; i < 50_000; i++)
    expect(pool.of(`value ${i % 20_000}`)).toBe(`value ${i % 20_000}`);
  const long = "x€".repeat(500);
  expect(pool.of(long)).toBe(long);
});

test("of() returns texts that do not keep what they were sliced from", () => {
  const pool = new TextPool();
  const kept: string[] = [];
  const bytes = Buffer.alloc(4 * 1024 ** 2, "x");
  Bun.gc(true);
  const before = process.memoryUsage().rss;
  for (let i = 0; i < 64; i++) {
    bytes.write(`a label's value, which is number ${i};`);
    const body = bytes.toString();
    kept.push(pool.of(body.slice(0, body.indexOf(";"))));
  }
  Bun.gc(true);
  // 64 bodies take 256 MB.
  expect(process.memoryUsage().rss - before).toBeLessThan(100e6);
  expect(kept.at(-1)).toBe("a label's value, which is number 63");
});
