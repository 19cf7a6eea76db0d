import { expect, test } from "bun:test";
import { searchingRegex } from "#shared/text/linear_regex.ts";
import { deduplicated } from "./dedup.ts";
import { highlighterOf, jsonOf, plainText, prettyJson, segmentsOf } from "./line_text.ts";
import { lineKey, nsOfKey } from "./line_key.ts";
import { parseWords } from "./words.ts";

const highlighting = (words: string) => highlighterOf(parseWords(words), searchingRegex);
const marked = (line: string, words: string) =>
  segmentsOf(line, highlighting(words))
    .filter(({ match }) => match)
    .map(({ text }) => text);

test("matches of words in any case and of regular expressions are marked, overlapping ones once", () => {
  expect(marked("Error: error 502 from shop", "ERROR /5\\d\\d/ op -shop")).toEqual([
    "Error",
    "error",
    "502",
    "op",
  ]);
  expect(marked("abcabc", "abca bc")).toEqual(["abcabc"]);
  expect(marked("nothing", "x")).toEqual([]);
});

test("a regular expression that would run for ever in a backtracking engine takes no time", () => {
  const startedMs = performance.now();
  expect(marked("a".repeat(10_000), "/(a+)+$/")).toHaveLength(1);
  expect(performance.now() - startedMs).toBeLessThan(2_000);
});

test("ANSI colours become classes of a fixed set; markup stays text; matches go across colours", () => {
  const line = "\u001b[31mdisk \u001b[1mfull\u001b[0m <b>now</b>";
  const segments = segmentsOf(line, highlighting('"disk full"'));
  expect(segments).toEqual([
    { text: "disk ", style: "ansi-red", match: true },
    { text: "full", style: "ansi-red ansi-bold", match: true },
    { text: " <b>now</b>", style: "", match: false },
  ]);
  expect(plainText(line)).toBe("disk full <b>now</b>");
});

test("JSON objects and lists are read, other lines are not", () => {
  expect(prettyJson('{"a":[1]}')).toBe('{\n  "a": [\n    1\n  ]\n}');
  expect([jsonOf("12"), jsonOf("{broken"), jsonOf("null"), jsonOf("plain")]).toEqual([
    undefined,
    undefined,
    undefined,
    undefined,
  ]);
});

const row = (text: string, ns = "1700000000000000000") => ({
  ns,
  timeMs: 1,
  stream: { job: "a" },
  metadata: {},
  parsed: {},
  text,
  level: "info" as const,
});

test.each([
  ["none", [0, 0, 0, 0]],
  ["exact", [1, 0, 0]],
  ["numbers", [2, 0]],
  ["signature", [3]],
] as const)("deduplicated() by %p", (dedup, repeats) => {
  const rows = [
    "2026-01-01T00:00:00Z a 1",
    "2026-01-01T00:00:09Z a 1",
    "2026-01-01T00:00:09Z a 2",
    "2026-01-01T00:00:09Z b 2",
  ];
  expect(
    deduplicated(
      rows.map((each) => row(each)),
      dedup,
    ).map((one) => one.repeats),
  ).toEqual([...repeats]);
});

test("a line's key tells lines of one nanosecond apart and holds the time", () => {
  expect(lineKey(row("a"))).not.toBe(lineKey(row("b")));
  expect(nsOfKey(lineKey(row("a")))).toBe(1_700_000_000_000_000_000n);
  expect(nsOfKey("12-<b>")).toBeUndefined();
});
