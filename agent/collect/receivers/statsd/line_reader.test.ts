import { expect, test } from "bun:test";
import * as fc from "fast-check";
import { numberAt } from "../records/byte_number.ts";
import { LineKeys, unknownKey } from "./line_keys.ts";
import { type LinePart, LineReader } from "./line_reader.ts";

function partsOf(line: string): { readonly parts: LinePart[]; readonly refused: number } {
  const parts: LinePart[] = [];
  let refused = 0;
  const reader = new LineReader(
    (_, part) => void parts.push({ ...part }),
    () => refused++,
  );
  const bytes = Buffer.from(line);
  reader.read(bytes, 0, bytes.length);
  return { parts, refused };
}

test("numberAt() is JavaScript's number of the same text, wherever it stands", () => {
  const text = fc.oneof(
    fc.double({ noNaN: true, noDefaultInfinity: true }).map(String),
    fc.integer().map(String),
    fc.float({ noNaN: true, noDefaultInfinity: true }).map((value) => value.toFixed(3)),
    fc.bigInt({ min: 0n, max: 10n ** 22n }).map((value) => `+${value}`),
  );
  fc.assert(
    fc.property(text, (one) => {
      const bytes = Buffer.from(`7${one}|c`);
      expect(numberAt(bytes, 1, bytes.length - 2)).toBe(Number(one));
    }),
  );
  for (const bad of [
    "",
    "-",
    "+",
    ".",
    "1x",
    "1e",
    "1e+",
    "0x1",
    "1e999",
    "Infinity",
    "1_0",
    "1.2.3",
  ])
    expect(numberAt(Buffer.from(bad), 0, bad.length)).toBeNaN();
  for (const [odd, value] of [
    ["1.", 1],
    [".5", 0.5],
    ["1E3", 1_000],
  ] as const)
    expect(numberAt(Buffer.from(odd), 0, odd.length)).toBe(value);
});

test("read() never fails, and takes or refuses something of every line", () => {
  const piece = fc.constantFrom(
    "a",
    ":",
    "|",
    "1",
    "c",
    "ms",
    "@",
    "#",
    "c:",
    "T",
    "0.5",
    ",",
    "_e{",
  );
  fc.assert(
    fc.property(fc.array(piece, { minLength: 1, maxLength: 20 }), (pieces) => {
      const { parts, refused } = partsOf(pieces.join(""));
      expect(parts.length + refused).toBeGreaterThan(0);
      for (const { nameStart, nameEnd, valuesStart, valuesEnd, rate } of parts) {
        expect(nameEnd).toBeGreaterThan(nameStart);
        expect(valuesEnd).toBeGreaterThan(valuesStart);
        expect(rate).toBeGreaterThan(0);
      }
    }),
  );
});

test("LineKeys: what set() was told comes back for the same bytes and for no others", () => {
  const word = fc.string({ minLength: 1, maxLength: 3, unit: fc.constantFrom("a", "b", "1") });
  const line = fc
    .tuple(word, fc.constantFrom("c", "g", "ms"), fc.option(word), fc.option(word))
    .map(([name, type, tags, container]) => {
      const sections = [
        tags === null ? "" : `|#${tags}`,
        container === null ? "" : `|c:${container}`,
      ];
      return `${name}:1|${type}${sections.join("")}`;
    });
  fc.assert(
    fc.property(fc.array(line, { maxLength: 80 }), fc.boolean(), (lines, hasContainer) => {
      const keys = new LineKeys({ keysMax: 1_000, bytesMax: 1_000_000 });
      const known = new Map<string, number>();
      for (const [i, one] of lines.entries()) {
        const [part] = partsOf(one).parts;
        if (part === undefined) throw new Error(one);
        const key = hasContainer ? one : one.replace(/\|c:.*/, "");
        const bytes = Buffer.from(one);
        expect(keys.get(bytes, part, hasContainer)).toBe(known.get(key) ?? unknownKey);
        keys.set(bytes, part, hasContainer, i);
        known.set(key, i);
      }
      expect(keys.size).toBe(known.size);
    }),
  );
});

test("LineKeys holds no more than it may", () => {
  const keys = new LineKeys({ keysMax: 3_000, bytesMax: 50_000 });
  let found = 0;
  for (let i = 0; i < 20_000; i++) {
    const line = `name${i}:1|c`;
    const [part] = partsOf(line).parts;
    if (part === undefined) throw new Error(line);
    const bytes = Buffer.from(line);
    keys.set(bytes, part, false, i);
    expect(keys.size).toBeLessThanOrEqual(3_000);
    if (keys.get(bytes, part, false) === i) found++;
  }
  expect(found).toBe(20_000);
});
