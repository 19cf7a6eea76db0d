/** A variable part of a pattern, as Loki writes it. */
const wildcard = "<_>";
/** Stands for the wildcard while tokens are compared: no text of a template holds it. */
export const hole = "\u0001";

const placeholder = /<\d+>/g;
/** Holes with a dot, a comma, a dash, a colon or a slash between them are one value: an address, a time, a version. */
const runOfHoles = new RegExp(`${hole}(?:[.,:/-]?${hole})+`, "g");
const empties = /\(\)|\[\]|\{\}|""|''/g;

/**
 * The words of a template's text, its variables as holes. Brackets and quotes with nothing in them count as holding one, as in
 * `peer (10.0.0.1)` and `peer ()`.
 */
export function patternTokens(templateText: string): string[] {
  const holes = templateText.replace(placeholder, hole);
  return holes
    .trim()
    .split(/\s+/)
    .map((word) =>
      word.replace(empties, (pair) => `${pair[0]}${hole}${pair[1]}`).replace(runOfHoles, hole),
    );
}

export function patternText(tokens: readonly string[]): string {
  return tokens.join(" ").replaceAll(hole, wildcard);
}

/** The words of a pattern's text. */
export function tokensOfPattern(text: string): string[] {
  return text.replaceAll(wildcard, hole).split(" ");
}
