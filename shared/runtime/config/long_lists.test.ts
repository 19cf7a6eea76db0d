import { expect, test } from "bun:test";
import * as fc from "fast-check";
import { parse } from "yaml";
import { setListsAside } from "./long_lists.ts";

const addresses = (count: number, indent: string, quote = "") =>
  Array.from({ length: count }, (_, i) => `${indent}- ${quote}host-${i}.x:${i}${quote}\n`).join("");

/** As parseConfig() reads. */
function read(text: string): unknown {
  const aside = setListsAside(text);
  if (aside === undefined) return parse(text);
  const plain: unknown = parse(aside.text);
  return aside.restore(plain) ? plain : parse(text);
}

test("setListsAside() takes long lists out of a text, and puts them back in their places", () => {
  const text = `a:\n  - targets:\n${addresses(500, "      ")}    labels: {x: y}\nb:\n${addresses(200, "", "'")}c: 1\n`;
  const aside = setListsAside(text);
  expect(aside?.text.trim().split(/\n+/)).toHaveLength(7);
  expect(read(text)).toEqual(parse(text));
});

test("a list may be longer than a call may have arguments", () => {
  const text = `a:\n${addresses(300_000, "  ")}b: 1\n`.replaceAll(/:\d+$/gm, ":80");
  const plain = read(text);
  expect(plain).toMatchObject({ b: 1, a: { length: 300_000, 299_999: "host-299999.x:80" } });
}, 60_000);

test("setListsAside() leaves short lists, and texts of another version of YAML", () => {
  expect(setListsAside(`a:\n${addresses(99, "")}`)).toBeUndefined();
  expect(setListsAside(`%YAML 1.1\n---\na:\n${addresses(500, "")}`)).toBeUndefined();
});

test("what only looks like a list is read as what it is", () => {
  for (const text of [
    `a: |\n${addresses(150, "  ")}`,
    `a: >\n${addresses(150, "  ")}b: 2\n`,
    `a: some words\n${addresses(150, "  ")}`,
    `a: "quoted\n${addresses(150, "  ")}  end"\n`,
  ])
    expect(read(text)).toEqual(parse(text));
});

test("any mixture of lists, other items and other forms is read as without it", () => {
  const piece = fc.oneof(
    fc
      .tuple(fc.integer({ min: 1, max: 240 }), fc.constantFrom("", "'", '"'))
      .map(([count, quote]) => addresses(count, "  ", quote)),
    fc.constantFrom(
      "  - other\n",
      "  - {a: 1}\n",
      "  # a comment\n",
      "\n",
      "  - 5\n",
      "  - x:1 # y\n",
      "  -   z:2\n",
      "  - - in:1\n    - in:2\n",
    ),
  );
  const section = fc.tuple(
    fc.constantFrom("", "&anchor", "|", ">-"),
    fc.array(piece, { minLength: 1, maxLength: 5 }),
  );
  fc.assert(
    fc.property(fc.array(section, { minLength: 1, maxLength: 3 }), (sections) => {
      const text = sections
        .map(([form, pieces], i) => `key${i}: ${form}\n${pieces.join("")}`)
        .join("");
      // Two anchors of one name are fine; what YAML itself refuses is no question here.
      let expected: unknown;
      try {
        expected = parse(text);
      } catch {
        return;
      }
      expect(read(text)).toEqual(expected);
    }),
    { numRuns: 200 },
  );
});
