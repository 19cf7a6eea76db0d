import type { Filter } from "./filters.ts";
import type { Term } from "./words.ts";

const texts = [
  "a",
  "disk full",
  'say "x"',
  "back\\slash",
  "-x",
  "/a",
  "/a/",
  "é<b>",
  "a`b\\",
  "1.2|3",
  "a/b",
];
const patterns = ["5\\d\\d", "a/b", "x|y", "(?i)err(or)?", "\\bfoo\\b", "`", 'q"\\d'];

/** Terms of every kind, alone and in pairs. */
export function roundTrips(): Term[][] {
  const terms: Term[] = [false, true].flatMap((exclude) => [
    ...texts.map((value) => ({ kind: "text" as const, value, exclude })),
    ...patterns.map((value) => ({ kind: "regex" as const, value, exclude })),
  ]);
  return [
    [],
    ...terms.map((one) => [one]),
    ...terms.map((one, i) => [one, terms[(i * 7 + 3) % terms.length] ?? one]),
  ];
}

/** Filters of every kind. */
export function filtersOf(): Filter[][] {
  const label: Filter = {
    kind: "label",
    name: "service_name",
    values: ["shop"],
    exclude: false,
    parsers: [],
  };
  const others: Filter[] = [
    { kind: "label", name: "host", values: ["a.b", "c|d"], exclude: true, parsers: [] },
    {
      kind: "metadata",
      name: "detected_level",
      values: ["error", "warn"],
      exclude: false,
      parsers: [],
    },
    { kind: "field", name: "user", values: ['b"o\\b'], exclude: true, parsers: ["json", "logfmt"] },
  ];
  const pattern: Filter = {
    kind: "pattern",
    name: "",
    values: ["a <_> b", "c"],
    exclude: false,
    parsers: [],
  };
  return [[], [label], ...others.map((one) => [one]), [label, ...others], [pattern]];
}
