import type { Labels } from "#shared/model/labels.ts";
import type { SilenceMatcher } from "../../../client/alertmanager.ts";

/** A longer alternation of values is left out: the matchers then match more. */
const alternationCharactersMax = 2_000;

/** Matchers of one silence that matches all of these label sets; it may match others, too. Empty where they share no label. */
export function jointMatchers(all: readonly Labels[]): readonly SilenceMatcher[] {
  const [first, ...others] = all;
  if (first === undefined) return [];
  return Object.keys(first).flatMap((name): SilenceMatcher[] => {
    const found = all.map((labels) => labels[name]);
    const values = [...new Set(found.filter((value) => value !== undefined))];
    const isShared = found.every((value) => value !== undefined && value !== "");
    const [value = ""] = values;
    if (!isShared) return [];
    if (others.length === 0 || values.length === 1)
      return [{ name, value, isRegex: false, isEqual: true }];
    const alternation = values.toSorted().map(escaped).join("|");
    return alternation.length > alternationCharactersMax
      ? []
      : [{ name, value: alternation, isRegex: true, isEqual: true }];
  });
}

/** A text as a regular expression of RE2 that matches it alone. */
function escaped(text: string): string {
  return text.replaceAll(/[\\.+*?()|[\]{}^$]/g, String.raw`\$&`);
}
