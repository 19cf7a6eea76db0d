import { expect, test } from "bun:test";
import * as fc from "fast-check";
import { searchingRegex } from "./linear_regex.ts";
import { dead, matched, notText, RegexAutomaton } from "./regex_automaton.ts";
import { type Literals, RegexProgram } from "./regex_program.ts";

const atoms = ["a", "b", "k", "ſ", "é", "\\d", "\\w", "\\b", "\\B", "^", "$", "(?m:^)", "(?m:$)"];
const more = [".", "[^a]", "[a-c]", "[é-ž]", "(?i:ak)", "(?s:.)", "\\n", "\\pL", "ab", "foo1"];
const pattern = fc
  .array(
    fc.tuple(
      fc.constantFrom(...atoms, ...more),
      fc.constantFrom("", "", "", "*", "+", "?", "{2,3}", "|", "|ab"),
    ),
    { minLength: 1, maxLength: 7 },
  )
  .map((pieces) =>
    pieces
      .map(([atom, suffix]) => (/^[*+?{]/.test(suffix) ? `(?:${atom})${suffix}` : atom + suffix))
      .join(""),
  );
const text = fc
  .array(
    fc.constantFrom("a", "b", "k", "K", "\u212a", "s", "é", "ž", "1", " ", "\n", "_", "foo1", "😀"),
    {
      maxLength: 12,
    },
  )
  .map((pieces) => pieces.join(""));

function automatonOf(source: string) {
  const program = RegexProgram.of(source);
  if (program === undefined) throw new Error(`${source} has no program`);
  return { program, automaton: new RegexAutomaton(program) };
}

function holds(body: string, literals: Literals): boolean {
  if (literals.kind === "text") return body.includes(literals.text);
  const { kind, of } = literals;
  return kind === "all" ? of.every((one) => holds(body, one)) : of.some((one) => holds(body, one));
}

test("an automaton matches what re2js matches, in whatever pieces it gets the text", () => {
  fc.assert(
    fc.property(pattern, fc.array(text, { maxLength: 8 }), fc.nat(), (source, texts, cut) => {
      const { program, automaton } = automatonOf(source);
      const regex = searchingRegex(source);
      for (const one of texts) {
        const characters = Array.from(one);
        const at = cut % (characters.length + 1);
        let state = automaton.start;
        for (const piece of [characters.slice(0, at), characters.slice(at)]) {
          const bytes = Buffer.from(piece.join(""));
          state = automaton.run(state, bytes, 0, bytes.length);
        }
        const isMatch = regex.test(one);
        expect([source, one, automaton.isMatchAtEnd(state)]).toEqual([source, one, isMatch]);
        if (isMatch && program.literals !== undefined)
          expect(holds(one, program.literals)).toBe(true);
      }
    }),
    { numRuns: 3_000 },
  );
});

test("a loose automaton never misses, whatever the text around and whatever the characters that are only known as a set", () => {
  fc.assert(
    fc.property(pattern, fc.array(text, { minLength: 3, maxLength: 3 }), (source, texts) => {
      const { program } = automatonOf(source);
      const loose = new RegexAutomaton(program, true);
      const [first = "", middle = "", last = ""] = texts.map((one) => Buffer.from(one));
      const isIn = new Uint8Array(256);
      for (const byte of Buffer.from(middle)) isIn[byte] = 1;
      let state = loose.run(loose.start, Buffer.from(first), 0, first.length);
      state = loose.widened(state, isIn);
      state = loose.run(state, Buffer.from(last), 0, last.length);
      if (searchingRegex(source).test(texts.join(""))) expect(state).toBe(matched);
    }),
    { numRuns: 3_000 },
  );
});

test("what always matches after a character matches after any text that ends in it", () => {
  fc.assert(
    fc.property(pattern, text, text, text, (source, before, part, after) => {
      const { automaton } = automatonOf(source);
      if (automaton.matchesAlways(Buffer.from(part)))
        expect(searchingRegex(source).test(before + part + after)).toBe(true);
    }),
    { numRuns: 3_000 },
  );
});

test("bytes that are no text are told, and a pattern of too many states gives up", () => {
  const { automaton } = automatonOf("b");
  for (const bytes of [
    [0x61, 0xff],
    [0xc3],
    [0xc0, 0x80],
    [0xed, 0xa0, 0x80],
    [0xf4, 0x90, 0x80, 0x80],
  ])
    expect(automaton.run(automaton.start, Uint8Array.from(bytes), 0, bytes.length)).toBe(notText);
  expect(automaton.run(automaton.start, Buffer.from("ab\xff", "latin1"), 0, 3)).toBe(matched);
  const anchored = automatonOf("^b").automaton;
  expect(anchored.run(anchored.start, Buffer.from("ab"), 0, 2)).toBe(dead);
  const large = automatonOf("[ab]*a[ab]{14}c").automaton;
  let seed = 1;
  const next = () => (seed = (seed * 48_271) % 0x7fff_ffff);
  const bytes = Buffer.from(Array.from({ length: 60_000 }, () => 97 + ((next() >> 8) % 2)));
  large.run(large.start, bytes, 0, bytes.length);
  expect(large.hasFailed).toBe(true);
});
