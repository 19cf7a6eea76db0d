import { expect, test } from "bun:test";
import { z } from "zod";
import { checkedBy } from "./schema.ts";

const Inner = z.strictObject({ port: z.int().min(1), names: z.array(z.string()).default([]) });
const through = (under?: readonly PropertyKey[]) =>
  z.unknown().transform((value, context) => checkedBy(Inner, value, context, under));

test("checkedBy() gives what the other schema makes of a value", () => {
  expect(z.strictObject({ a: through() }).parse({ a: { port: 1 } })).toEqual({
    a: { port: 1, names: [] },
  });
});

test("checkedBy() hands on the other schema's mistakes as they are, below their place", () => {
  const wrong = { a: { port: 0, names: [1], more: true } };
  const direct = z.strictObject({ a: Inner }).safeParse(wrong);
  const { error } = z.strictObject({ a: through() }).safeParse(wrong);
  expect(direct.error?.issues).toHaveLength(3);
  expect(error?.issues).toEqual(direct.error?.issues ?? []);
  const lower = z.strictObject({ a: through(["b"]) }).safeParse(wrong);
  expect(lower.error?.issues.map(({ path }) => path.join("."))).toEqual([
    "a.b.port",
    "a.b.names.0",
    "a.b",
  ]);
});
