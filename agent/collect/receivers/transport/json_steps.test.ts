import { expect, test } from "bun:test";
import { array, assert, constantFrom, jsonValue, property, tuple } from "fast-check";
import { atOnce } from "./decode_turns.ts";
import { parseJsonSteps } from "./json_steps.ts";
import { takeJsonParts } from "./request_parts.ts";

function parsed(
  text: string | Uint8Array,
  chunkMax: number,
  isFatal = false,
  stringBytesMax = Infinity,
) {
  const body = typeof text === "string" ? Buffer.from(text) : text;
  let bytes = 0;
  const take = (more: number): void => void (bytes += more);
  const json = atOnce(
    parseJsonSteps(body, { take, isFatal, stringBytesMax, oneStepMax: 0, chunkMax, blanksMin: 2 }),
  );
  return { json, bytes };
}

/** What comes of it: the value, or that it is refused. */
function outcomeOf(parse: () => unknown): unknown {
  try {
    return { value: parse() };
  } catch (thrown) {
    if (thrown instanceof SyntaxError) return "refused";
    throw thrown;
  }
}

const chunkMaxes = [0, 1, 7, 40];
/** Bytes of a string between its quotes, where an escape is one. */
const bytesOf = (text: string): number =>
  Buffer.byteLength(JSON.stringify(text).replaceAll(/\\(?:u[0-9a-f]{4}|.)/g, "e")) - 2;

test("parseJsonSteps() gives what JSON.parse() gives, and takes what takeJsonParts() takes", () => {
  const spaced = tuple(jsonValue({ maxDepth: 6 }), constantFrom(0, 1, 2));
  assert(
    property(spaced, constantFrom(...chunkMaxes), ([value, space], chunkMax) => {
      const text = JSON.stringify(value, undefined, space);
      const { json, bytes } = parsed(text, chunkMax);
      expect(JSON.stringify(json)).toBe(JSON.stringify(JSON.parse(text)));
      let expected = 0;
      takeJsonParts(Buffer.from(text), (more) => void (expected += more));
      expect(bytes).toBe(expected);
    }),
    { numRuns: 500 },
  );
});

test("parseJsonSteps() takes and refuses the texts that JSON.parse() does", () => {
  const token = constantFrom(
    ..."[]{},: \n\t".split(""),
    " \n \t\r ",
    '"a":',
    '"a"',
    '"__proto__":',
    '"\\"',
    "1",
    "null",
    "[1,2]",
    '{"b":[3]}',
    '"\\u0041\\\\"',
    "\u00a0",
  );
  const soup = array(token, { maxLength: 14 }).map((tokens) => tokens.join(""));
  assert(
    property(soup, constantFrom(...chunkMaxes), (text, chunkMax) => {
      expect(outcomeOf(() => parsed(text, chunkMax).json)).toEqual(
        outcomeOf(() => JSON.parse(text)),
      );
    }),
    { numRuns: 20_000 },
  );
});

const faulty = ["[1,]", "[,1]", "[[1,2],,3]", "[[1,2] 3]", '{"a":[1,2],}', "{[1,2]}", "[1,2}"];
const alsoFaulty = [
  "[1,2]]",
  "[1,2] [3]",
  "x[1,2]",
  '{"a":[1,2]',
  '[[1,2],"',
  "[1,2],",
  "",
  "[ ,1]",
];

test("parseJsonSteps() refuses what is no JSON around large lists and objects", () => {
  for (const text of [...faulty, ...alsoFaulty])
    for (const chunkMax of chunkMaxes) {
      expect(() => JSON.parse(text)).toThrow(SyntaxError);
      expect(() => parsed(text, chunkMax).json).toThrow(SyntaxError);
    }
});

test("parseJsonSteps() keeps the key __proto__ as every other", () => {
  const { json } = parsed('{"__proto__":[1,2,3],"a":{"__proto__":{"b":[1,2]}}}', 0);
  expect(JSON.stringify(json)).toBe('{"__proto__":[1,2,3],"a":{"__proto__":{"b":[1,2]}}}');
});

test("parseJsonSteps() decodes as TextDecoder does: a mark at the start, bytes that are no UTF-8", () => {
  const marked = Buffer.concat([Buffer.of(0xef, 0xbb, 0xbf), Buffer.from('["ä",["b","c"]]')]);
  expect(parsed(marked, 1, true).json).toEqual(["ä", ["b", "c"]]);
  const text = Buffer.concat([Buffer.from('["a","'), Buffer.of(0xff), Buffer.from('","b"]')]);
  expect(parsed(text, 1).json).toEqual(["a", "\ufffd", "b"]);
  expect(() => parsed(text, 1, true)).toThrow(TypeError);
});

test("parseJsonSteps() makes many steps of a large text", () => {
  const list = Array.from({ length: 50_000 }, (_, i) => ({ body: { stringValue: `${i}` } }));
  const body = Buffer.from(
    JSON.stringify({ resourceLogs: [{ scopeLogs: [{ logRecords: list }] }] }),
  );
  const decoder = parseJsonSteps(body, { take: () => {}, isFatal: true });
  let steps = 0;
  for (let step = decoder.next(); step.done !== true; step = decoder.next()) steps++;
  // 1.8 MB: at most 64 KiB are looked at in one, and 128 KiB parsed.
  expect(steps).toBeGreaterThan(body.length / 65_536);
});

test("strings that are too long in any case are cut behind so many bytes, between characters", () => {
  const unit = constantFrom(
    "a",
    "\n",
    "\u0000",
    '"',
    "\\",
    "u",
    "\u00e4",
    "\u20ac",
    "\ud83d\ude00",
    "\ud800",
  );
  const texts = array(array(unit, { maxLength: 12 }).map((units) => units.join("")));
  const max = 14;
  assert(
    property(texts, constantFrom(...chunkMaxes), (given, chunkMax) => {
      const value = [given, given.map((text) => ({ k: [text] })), "end"];
      const { json } = parsed(JSON.stringify(value), chunkMax, false, max);
      const got: unknown[] = JSON.parse(JSON.stringify(json)).flat(1);
      const all = [...given, ...given.map((text) => ({ k: [text] })), "end"];
      expect(got).toHaveLength(all.length);
      for (const [i, text] of given.entries()) {
        const cut = String(got[i]);
        expect(got[given.length + i]).toEqual({ k: [cut] });
        if (bytesOf(text) <= max) expect(cut).toBe(text);
        else {
          expect(text.startsWith(cut)).toBe(true);
          expect(bytesOf(cut)).toBeGreaterThanOrEqual(max);
          expect(bytesOf(cut)).toBeLessThanOrEqual(max + 3);
        }
      }
    }),
    { numRuns: 500 },
  );
});
