import { expect, test } from "bun:test";
import { z } from "zod";
import { lazySchema } from "./lazy_schema.ts";
import { parsedOnce } from "./schema.ts";

const plain = () =>
  z.strictObject({ port: z.int().min(1).default(80), names: z.array(z.string()).default([]) });

test("lazySchema() is made by the first parse, and not before", () => {
  let made = 0;
  const schema = lazySchema(() => {
    made++;
    return plain();
  });
  const Outer = z.strictObject({ inner: schema.prefault({}), other: schema.optional() });
  expect(made).toBe(0);
  expect(Outer.parse({}, parsedOnce)).toEqual({ inner: { port: 80, names: [] } });
  expect(schema.parse({ port: 1 })).toEqual({ port: 1, names: [] });
  expect(made).toBe(1);
});

test("lazySchema() tells the mistakes that the schema itself tells", () => {
  const wrong = { a: { port: 0, names: [1], more: true }, b: undefined };
  const direct = z.strictObject({ a: plain(), b: plain() }).safeParse(wrong);
  const lazy = lazySchema(plain);
  const through = z.strictObject({ a: lazy, b: lazy }).safeParse(wrong, parsedOnce);
  expect(direct.error?.issues).toHaveLength(4);
  expect(through.error?.issues).toEqual(direct.error?.issues ?? []);
});

test("lazySchema() lets go what it made", async () => {
  const made: unknown[] = [];
  const schema = lazySchema(() => {
    made.push(undefined);
    return plain();
  });
  // When is for the garbage collector to say: what lies on the stack is kept for a while.
  while (made.length < 2) {
    expect(schema.parse({})).toEqual({ port: 80, names: [] });
    await Bun.sleep(1);
    Bun.gc(true);
  }
});
