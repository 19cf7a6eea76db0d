import { describe, expect, test } from "bun:test";
import { z } from "zod";
import { relabel } from "./relabel.ts";
import { RelabelConfig } from "./relabel_config.ts";

type Written = z.input<typeof RelabelConfig>;
const apply = (labels: Record<string, string>, ...rules: Written[]) => {
  const map = new Map(Object.entries(labels));
  const isKept = relabel(map, z.array(RelabelConfig).parse(rules));
  return isKept ? Object.fromEntries(map) : "dropped";
};

const abc = { a: "foo", b: "bar", c: "baz" };
test.each<[string, Record<string, string>, Written[], ReturnType<typeof apply>]>([
  [
    "replace writes the joined sources",
    abc,
    [{ source_labels: ["a", "b"], target_label: "d" }],
    { ...abc, d: "foo;bar" },
  ],
  [
    "replace expands groups",
    abc,
    [{ source_labels: ["a"], regex: "f(.*)", target_label: "d", replacement: "ch${1}-ch$1" }],
    { ...abc, d: "choo-choo" },
  ],
  [
    "replace expands named groups",
    abc,
    [
      {
        source_labels: ["a"],
        regex: "(?P<rest>f.*)",
        target_label: "d",
        replacement: "${rest}!$rest$$",
      },
    ],
    { ...abc, d: "foo!foo$" },
  ],
  [
    "replace expands the target",
    abc,
    [{ source_labels: ["a"], regex: "(f)(oo)", target_label: "x_$2", replacement: "$1" }],
    { ...abc, x_oo: "f" },
  ],
  [
    "replace takes the longest name of a group",
    abc,
    [{ source_labels: ["a"], regex: "(.*)", target_label: "d", replacement: "<$1x>" }],
    { ...abc, d: "<>" },
  ],
  [
    "replace leaves what doesn't match",
    abc,
    [{ source_labels: ["a"], regex: "oo", target_label: "d" }],
    abc,
  ],
  [
    "replace deletes by an empty result",
    abc,
    [{ source_labels: ["a"], regex: "(foo)", target_label: "b", replacement: "" }],
    { a: "foo", c: "baz" },
  ],
  ["replace sets a constant", abc, [{ target_label: "d", replacement: "x" }], { ...abc, d: "x" }],
  [
    "replace skips an empty target name",
    abc,
    [{ source_labels: ["z"], regex: "(.*)", target_label: "$1", replacement: "v" }],
    abc,
  ],
  [
    "a dot matches a line feed",
    { a: "x\ny" },
    [{ source_labels: ["a"], regex: "x.y", target_label: "b", replacement: "yes" }],
    { a: "x\ny", b: "yes" },
  ],
  [
    "alternatives are anchored together",
    { a: "foobar" },
    [{ source_labels: ["a"], regex: "foo|bar", action: "drop" }],
    { a: "foobar" },
  ],
  [
    "another separator",
    abc,
    [{ source_labels: ["a", "b"], separator: "-", target_label: "d" }],
    { ...abc, d: "foo-bar" },
  ],
  ["keep keeps", abc, [{ source_labels: ["a"], regex: "fo+", action: "keep" }], abc],
  ["keep drops", abc, [{ source_labels: ["a"], regex: "bar", action: "keep" }], "dropped"],
  ["drop drops", abc, [{ source_labels: ["a"], regex: ".*o.*", action: "drop" }], "dropped"],
  [
    "drop of an absent label by an empty match",
    abc,
    [{ source_labels: ["z"], regex: "", action: "drop" }],
    "dropped",
  ],
  [
    "nothing runs after a drop",
    abc,
    [
      { source_labels: ["a"], regex: "foo", action: "drop" },
      { target_label: "d", replacement: "x" },
    ],
    "dropped",
  ],
  [
    "keepequal keeps",
    { a: "1", b: "1" },
    [{ source_labels: ["a"], target_label: "b", action: "keepequal" }],
    { a: "1", b: "1" },
  ],
  [
    "keepequal drops",
    { a: "1", b: "2" },
    [{ source_labels: ["a"], target_label: "b", action: "keepequal" }],
    "dropped",
  ],
  [
    "dropequal drops",
    { a: "1", b: "1" },
    [{ source_labels: ["a"], target_label: "b", action: "dropequal" }],
    "dropped",
  ],
  [
    "dropequal keeps",
    { a: "1", b: "2" },
    [{ source_labels: ["a"], target_label: "b", action: "dropequal" }],
    { a: "1", b: "2" },
  ],
  // Prometheus's own test has 976 for these.
  [
    "hashmod",
    abc,
    [{ source_labels: ["c"], target_label: "d", action: "hashmod", modulus: 1_000 }],
    { ...abc, d: "976" },
  ],
  [
    "labelmap copies",
    { __meta_x_a: "1", __meta_x_b: "2" },
    [{ regex: "__meta_x_(.+)", action: "labelmap" }],
    { __meta_x_a: "1", __meta_x_b: "2", a: "1", b: "2" },
  ],
  [
    "labelmap with a replacement",
    { my_a: "1" },
    [{ regex: "my_(.+)", replacement: "your_${1}", action: "labelmap" }],
    { my_a: "1", your_a: "1" },
  ],
  ["labeldrop", abc, [{ regex: "a|b", action: "labeldrop" }], { c: "baz" }],
  ["labelkeep", abc, [{ regex: "a|b", action: "labelkeep" }], { a: "foo", b: "bar" }],
  [
    "lowercase",
    { a: "FoO" },
    [{ source_labels: ["a"], target_label: "b", action: "lowercase" }],
    { a: "FoO", b: "foo" },
  ],
  [
    "uppercase",
    { a: "FoO" },
    [{ source_labels: ["a"], target_label: "b", action: "uppercase" }],
    { a: "FoO", b: "FOO" },
  ],
  [
    "actions in any letter case",
    abc,
    [{ source_labels: ["a"], regex: "foo", action: "DROP" }],
    "dropped",
  ],
  [
    "numbers where text is meant",
    abc,
    [{ target_label: "d", replacement: 80 }],
    { ...abc, d: "80" },
  ],
])("relabel(): %s", (_, labels, rules, expected) => {
  expect(apply(labels, ...rules)).toEqual(expected);
});

describe("RelabelConfig refuses", () => {
  test.each<[string, Record<string, unknown>, string]>([
    ["an unknown action", { action: "rename" }, "action"],
    ["an unknown key", { target_label: "a", source_label: "b" }, "source_label"],
    ["replace without a target", { source_labels: ["a"] }, "target_label"],
    ["hashmod without a modulus", { action: "hashmod", target_label: "a" }, "modulus"],
    [
      "a replacement for lowercase",
      { action: "lowercase", target_label: "a", replacement: "x" },
      "replacement",
    ],
    ["a regex for keepequal", { action: "keepequal", target_label: "a", regex: "x" }, "regex"],
    [
      "a separator for dropequal",
      { action: "dropequal", target_label: "a", separator: "x" },
      "separator",
    ],
    [
      "source labels for labeldrop",
      { action: "labeldrop", regex: "x", source_labels: ["a"] },
      "source_labels",
    ],
    [
      "a target for labelkeep",
      { action: "labelkeep", regex: "x", target_label: "a" },
      "target_label",
    ],
    ["an open group", { target_label: "a", regex: "(" }, "regex"],
    ["lookahead", { target_label: "a", regex: "(?=x)" }, "regex"],
    ["a back reference", { target_label: "a", regex: "(x)\\1" }, "regex"],
  ])("%s", (_, rule, key) => {
    const result = RelabelConfig.safeParse(rule);
    expect(result.success).toBe(false);
    expect(z.prettifyError(result.error ?? new z.ZodError([]))).toContain(key);
  });
});
