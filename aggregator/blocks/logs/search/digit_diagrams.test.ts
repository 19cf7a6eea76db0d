import { expect, test } from "bun:test";
import * as fc from "fast-check";
import { notText, RegexAutomaton } from "#shared/text/regex_automaton.ts";
import { RegexProgram } from "#shared/text/regex_program.ts";
import { DigitDiagrams, outcomeOf, outcomes } from "./digit_diagrams.ts";
import { regexPattern } from "../regex_pattern.fixture.ts";

function automatonOf(pattern: string): RegexAutomaton {
  const program = RegexProgram.of(pattern);
  if (program === undefined) throw new Error(`${pattern} has no program`);
  return new RegexAutomaton(program);
}

/** Of texts that begin in the automaton's first state and that nothing comes after. */
function diagramOf(automaton: RegexAutomaton, pattern: Uint8Array, place = 0) {
  const diagrams = new DigitDiagrams(automaton);
  const isHitAtEnd = (state: number) => automaton.isMatchAtEnd(state);
  const root = diagrams.of({ pattern, place, state: automaton.start, isHitAtEnd });
  return { root, nodes: diagrams.nodes };
}

function outcomeByText(automaton: RegexAutomaton, text: Uint8Array, place: number): number {
  const state = automaton.run(automaton.start, text, place, text.length);
  if (state === notText) return outcomes.noText;
  return automaton.isMatchAtEnd(state) ? outcomes.hit : outcomes.miss;
}

const bytes = fc
  .array(
    fc.oneof(
      { weight: 6, arbitrary: fc.constant("0") },
      { weight: 4, arbitrary: fc.constantFrom(".", "-", ":", " ", "x", "ms", "é") },
    ),
    { maxLength: 12 },
  )
  .map((pieces) => Buffer.from(pieces.join("")));
/** Most come to a digit. */
const regex = fc
  .tuple(
    regexPattern,
    fc.constantFrom("", "5", String.raw`\b5\d\d\b`, "05", String.raw`[05]\d+[.:-]7`),
  )
  .map(([first, second]) => (first.endsWith("|") ? second : `(?:${first})?${second}`));
/** Some with a byte that is no text. */
const text = fc.tuple(bytes, fc.nat(12), fc.nat(9)).map(([some, at, chance]) => {
  if (chance === 0 && at < some.length && some[at] !== 0x30) some[at] = 0xff;
  return some;
});

test("a diagram comes to what the automaton comes to, whatever the digits are", () => {
  let asked = 0;
  fc.assert(
    fc.property(
      regex,
      text,
      fc.nat(3),
      fc.array(fc.array(fc.nat(9), { minLength: 60, maxLength: 60 }), { minLength: 12 }),
      (pattern, like, from, draws) => {
        const automaton = automatonOf(pattern);
        const place = Math.min(from, like.length);
        const { root, nodes } = diagramOf(automaton, like, place);
        if (root > 0) asked++;
        for (const draw of draws) {
          let digit = 0;
          const digits = Uint8Array.from(draw, (value) => 0x30 + value);
          const whole = like.map((byte) => (byte === 0x30 ? (digits[5 + digit++] ?? 0) : byte));
          const told = outcomeOf(nodes, root, digits, 5);
          expect([pattern, told]).toEqual([pattern, outcomeByText(automaton, whole, place)]);
        }
      },
    ),
    { numRuns: 300 },
  );
  // About 75 of 300: the property is not empty.
  expect(asked).toBeGreaterThan(30);
});

test("only digits are asked for on which a match depends", () => {
  const pattern = Buffer.from("00:00 000 [0000]");
  const { root, nodes } = diagramOf(automatonOf(String.raw`\b5\d\d\b`), pattern);
  // The fifth digit is the first of three beside each other, and nothing else matters.
  expect(nodes[root]).toBe(4);
  expect(Array.from(nodes.subarray(root + 1, root + 11))).toEqual(
    Array.from({ length: 10 }, (_, digit) => (digit === 5 ? outcomes.hit : outcomes.miss)),
  );
});

test("what needs no digit asks for none", () => {
  for (const [pattern, like] of [
    ["(?i)error", "ErrOr 000"],
    [String.raw`\d{3}`, "x000"],
  ] as const)
    expect(diagramOf(automatonOf(pattern), Buffer.from(like)).root).toBe(outcomes.hit);
  expect(
    diagramOf(automatonOf("error|fail"), Buffer.from("00 errors".replace("err", "ter"))).root,
  ).toBe(outcomes.miss);
});

test("a diagram that would be too large is not made", () => {
  // Which of the last digits are a 5 has to be known at every place.
  const automaton = automatonOf("5.{9}5.{9}x");
  const { root } = diagramOf(automaton, Buffer.from("0".repeat(90)));
  expect(root).toBe(outcomes.untold);
});
