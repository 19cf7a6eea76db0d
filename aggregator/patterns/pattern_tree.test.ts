import { expect, test } from "bun:test";
import { patternText, patternTokens } from "./pattern_tokens.ts";
import { PatternTree } from "./pattern_tree.ts";

const textOf = (template: string) => patternText(patternTokens(template));

test("values of several numbers are one variable, and empty brackets hold one", () => {
  expect(textOf("at <0>:<1>:<2> from <3>.<4>,<5> ()")).toBe("at <_> from <_> (<_>)");
  expect(textOf("a=<0> b=<1>, [<2>] end")).toBe("a=<_> b=<_>, [<_>] end");
});

test("names in one place become a variable, and what was told before is told anew", () => {
  const tree = new PatternTree();
  const names = ["alice", "bob", "carol", "dave"];
  const first = names.map((name) => tree.of(`session opened for ${name} by root`));
  expect(first.map(({ text }) => text)).toContain("session opened for alice by root");
  const merged = tree.of("session opened for erin by root");
  expect(merged.text).toBe("session opened for <_> by root");
  expect(first.map((pattern) => tree.current(pattern))).toEqual(first.map(() => merged));
});

test("a few states stay apart; values of a key and words with a variable in them merge sooner", () => {
  const tree = new PatternTree();
  for (const state of ["started", "paused", "resumed", "stopped"]) tree.of(`VM ${state} at <0>`);
  expect(tree.of("VM paused at <0>").text).toBe("VM paused at <_>");
  for (const user of ["root", "guest", "test"]) tree.of(`login failed user=${user}`);
  expect(tree.of("login failed user=root").text).toBe("login failed <_>");
  tree.of("GET /a/<0>/b done");
  expect(tree.of("GET /health done").text).toBe("GET <_> done");
});

test("two places that vary are found one after the other", () => {
  const tree = new PatternTree();
  for (const name of ["a", "b", "c", "d", "e"])
    for (const file of ["v", "w", "x", "y", "z"]) tree.of(`user ${name} opened file ${file}`);
  expect(tree.of("user q opened file r").text).toBe("user q opened file r");
  expect(tree.of("user a opened file z").text).toBe("user <_> opened file <_>");
});

test("a pattern's id is told by its text alone", () => {
  const [one, other] = [new PatternTree(), new PatternTree()];
  other.of("something else <0>");
  expect(one.of("disk <0> is full").id).toBe(other.of("disk <0> is full").id);
  expect(one.of("disk <0> is full").id).toMatch(/^[0-9a-f]{16}$/);
});

test("words alone make no pattern of nothing but variables", () => {
  const tree = new PatternTree();
  for (const word of ["a", "b", "c", "d", "e", "f", "g"]) tree.of(word);
  expect(tree.of("a").text).toBe("a");
});
