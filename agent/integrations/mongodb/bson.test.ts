import { expect, test } from "bun:test";
import {
  array,
  assert,
  boolean,
  dictionary,
  double,
  integer,
  letrec,
  oneof,
  property,
  string,
} from "fast-check";
import { BSON, Binary, Code, Decimal128, Double, Long, MaxKey, ObjectId, Timestamp } from "mongodb";
import { decodeBson, encodeBson } from "./bson.ts";

const { deserialize, serialize } = BSON;

test("decodeBson() reads what MongoDB's own codec writes, type by type", () => {
  const written = serialize({
    double: new Double(1.5),
    int: 7,
    long: Long.fromNumber(2 ** 40),
    text: "é",
    yes: true,
    nothing: null,
    date: new Date(1_700_000_000_123),
    timestamp: new Timestamp({ t: 4_000_000_000, i: 5 }),
    bytes: new Binary(Buffer.from("ab")),
    list: [1, "two", { three: 3 }],
    within: { deep: { deeper: -1 } },
    id: new ObjectId(),
    decimal: Decimal128.fromString("1.5"),
    pattern: /a/i,
    code: new Code("x"),
    scoped: new Code("x", { y: 1 }),
    highest: new MaxKey(),
    last: 8,
  });
  expect(decodeBson(Buffer.from(written))).toEqual({
    double: 1.5,
    int: 7,
    long: 2 ** 40,
    text: "é",
    yes: true,
    nothing: null,
    date: 1_700_000_000_123,
    timestamp: 4_000_000_000,
    bytes: Buffer.from("ab"),
    list: [1, "two", { three: 3 }],
    within: { deep: { deeper: -1 } },
    id: null,
    decimal: null,
    pattern: null,
    code: "x",
    scoped: null,
    highest: null,
    last: 8,
  });
});

const key = string({ minLength: 1, maxLength: 8 }).filter(
  (text) => !text.includes("\0") && text !== "__proto__",
);
const { document } = letrec((tie) => ({
  value: oneof(
    { maxDepth: 3 },
    string().filter((text) => !text.includes("\0")),
    integer(),
    double({ noNaN: true }).map((value) => (Object.is(value, -0) ? 0 : value)),
    boolean(),
    tie("document"),
  ),
  document: dictionary(key, tie("value"), { maxKeys: 5, noNullPrototype: true }),
}));

test("encodeBson() writes what MongoDB's own codec and ours read alike", () => {
  assert(
    property(document, (given) => {
      // oxlint-disable-next-line typescript/no-explicit-any, typescript/no-unsafe-type-assertion -- fast-check's letrec knows no types
      const bytes = encodeBson(given as any);
      expect(deserialize(bytes, { promoteLongs: true })).toEqual(given);
      const read: unknown = decodeBson(bytes);
      expect(read).toEqual(given);
    }),
    { numRuns: 100 },
  );
});

test("decodeBson() refuses what is cut off, lies about its length, or is no BSON", () => {
  const whole = Buffer.from(serialize({ text: "abc", list: [1, 2], within: { x: 1.5 } }));
  for (let length = 0; length < whole.length; length++)
    expect(() => decodeBson(whole.subarray(0, length))).toThrow(/ends within|more bytes|no end/);
  assert(
    property(array(integer({ min: 0, max: 255 }), { maxLength: 60 }), (bytes) => {
      try {
        decodeBson(Buffer.from(bytes));
      } catch (thrown) {
        expect(thrown).toHaveProperty("code", "corrupt");
      }
    }),
    { numRuns: 300 },
  );
});
