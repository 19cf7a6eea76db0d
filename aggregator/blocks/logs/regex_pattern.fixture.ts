import * as fc from "fast-check";

const atoms = [
  "5",
  "\\d",
  "\\b",
  "\\B",
  "[a-f]",
  " ",
  "[.:]",
  "\\w+",
  ".",
  "^",
  "$",
  "é",
  "0",
  "ms",
];

/** Regular expressions that ask for digits, their neighbours and borders. */
export const regexPattern = fc
  .array(
    fc.tuple(fc.constantFrom(...atoms), fc.constantFrom("", "", "", "*", "+", "?", "{2,3}", "|")),
    { minLength: 1, maxLength: 6 },
  )
  .map((pieces) =>
    pieces
      .map(([atom, suffix]) => (/^[*+?{]/.test(suffix) ? `(?:${atom})${suffix}` : atom + suffix))
      .join(""),
  );
