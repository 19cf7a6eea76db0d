import type { Variable } from "#shared/dashboards/dashboard.ts";
import { userRegex } from "./user_regex.ts";

export type VariableOption = { readonly text: string; readonly value: string };
type Sort = Extract<Variable, { kind: "query" }>["sort"];

/** "a,b : x, key : value" as options: a comma within one is written `\,`. */
export function parseCustomOptions(text: string): readonly VariableOption[] {
  return (text.match(/(?:\\,|[^,])+/g) ?? [])
    .map((each) => each.replaceAll("\\,", ","))
    .map((each) => {
      const pair = /^\s*(.+)\s:\s(.+)$/s.exec(each);
      if (pair === null) return { text: each.trim(), value: each.trim() };
      return { text: (pair[1] ?? "").trim(), value: (pair[2] ?? "").trim() };
    })
    .filter(({ value }) => value !== "");
}

/** What `regex` keeps of the answers, each value once, sorted. Throws OperatingError("bad_request") for a broken expression. */
export function queryOptions(
  answers: readonly string[],
  regex: string | undefined,
  sort: Sort,
): readonly VariableOption[] {
  const found =
    regex === undefined || regex === ""
      ? answers.map((each) => ({ text: each, value: each }))
      : filtered(answers, regex);
  const seen = new Set<string>();
  const unique = found.filter(({ value }) => {
    if (seen.has(value)) return false;
    seen.add(value);
    return true;
  });
  return sorted(unique, sort);
}

/** The groups `text` and `value`, of one match or of several; else the first group; else the answer as it is. */
function filtered(answers: readonly string[], pattern: string): VariableOption[] {
  const regex = userRegex(pattern);
  const [textGroup, valueGroup] = [regex.groups.get("text"), regex.groups.get("value")];
  const hasNames = textGroup !== undefined || valueGroup !== undefined;
  return answers.flatMap((answer): VariableOption[] => {
    const first = regex.exec(answer);
    if (first === undefined) return [];
    if (!hasNames) {
      const kept = first.length > 1 ? first[1] : answer;
      return kept === undefined || kept === "" ? [] : [{ text: kept, value: kept }];
    }
    const named = namedParts(regex, answer, textGroup, valueGroup);
    const value = named.value ?? named.text;
    return value === undefined ? [] : [{ text: named.text ?? value, value }];
  });
}

function namedParts(
  regex: ReturnType<typeof userRegex>,
  answer: string,
  textGroup: number | undefined,
  valueGroup: number | undefined,
): { text: string | undefined; value: string | undefined } {
  let [text, value]: (string | undefined)[] = [];
  regex.replace(answer, (groups) => {
    text ??= textGroup === undefined ? undefined : groups[textGroup];
    value ??= valueGroup === undefined ? undefined : groups[valueGroup];
    return "";
  });
  return { text, value };
}

function sorted(options: readonly VariableOption[], sort: Sort): readonly VariableOption[] {
  const [kind, direction] = sort.includes("_") ? sort.split("_") : ["", sort];
  if (direction === "none") return options;
  const sign = direction === "desc" ? -1 : 1;
  const compare = comparison(kind ?? "");
  return options.toSorted((a, b) => sign * compare(a.text, b.text));
}

function comparison(kind: string): (a: string, b: string) => number {
  if (kind === "num") return (a, b) => firstNumber(a) - firstNumber(b) || plain(a, b);
  if (kind === "ci") return (a, b) => plain(a.toLowerCase(), b.toLowerCase());
  if (kind === "nat") {
    const { compare } = new Intl.Collator(undefined, { numeric: true, sensitivity: "base" });
    return compare;
  }
  return plain;
}

function plain(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Texts without a number stand before those with one. */
function firstNumber(text: string): number {
  return Number(/\d+(?:\.\d+)?/.exec(text)?.[0] ?? -1);
}
