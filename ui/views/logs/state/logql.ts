import type { Filter } from "./filters.ts";
import type { Term } from "./words.ts";

/** Every stream has this label: the agents see to it. */
export const everything = '{service_name=~".+"}';

const dropped = "| drop __error__, __error_details__";

/** The LogQL of terms and filters. */
export function logqlOf(terms: readonly Term[], filters: readonly Filter[]): string {
  return [selectorOf(filters), ...lineStages(terms, filters), ...fieldStages(filters)].join(" ");
}

/** The stream selector of filters alone. */
function selectorOf(filters: readonly Filter[]): string {
  const labels = filters.filter(({ kind }) => kind === "label");
  if (labels.length === 0) return everything;
  // A selector without anything asked for is refused.
  const all = labels.some(({ exclude }) => !exclude) ? [] : ['service_name=~".+"'];
  return `{${[...all, ...labels.map(condition)].join(", ")}}`;
}

function lineStages(terms: readonly Term[], filters: readonly Filter[]): string[] {
  const ofTerms = terms.map(({ kind, value, exclude }) => {
    const pattern = kind === "text" ? `(?i)${escapeRegex(value)}` : value;
    return `${exclude ? "!~" : "|~"} ${literal(pattern)}`;
  });
  const ofPatterns = filters
    .filter(({ kind }) => kind === "pattern")
    .flatMap(({ values, exclude }) =>
      exclude
        ? values.map((value) => `!> ${literal(value)}`)
        : [`|> ${values.map(literal).join(" or ")}`],
    );
  return [...ofTerms, ...ofPatterns];
}

/** Conditions on metadata come first: they need no parser. */
function fieldStages(filters: readonly Filter[]): string[] {
  const metadata = filters.filter(({ kind }) => kind === "metadata");
  const fields = filters.filter(({ kind }) => kind === "field");
  return [
    ...metadata.map((one) => `| ${condition(one)}`),
    ...parserStages(fields.flatMap(({ parsers }) => parsers)),
    ...fields.map((one) => `| ${condition(one)}`),
  ];
}

/** Stages that find fields by these parsers; lines that one of them can't read stay. */
export function parserStages(parsers: readonly string[]): string[] {
  const wanted = ["json", "logfmt"].filter((parser) => parsers.includes(parser));
  if (wanted.length === 0) return [];
  return [...wanted.map((parser) => `| ${parser}`), dropped];
}

function condition({ name, values, exclude }: Filter): string {
  const [only = ""] = values;
  if (values.length === 1) return `${name}${exclude ? "!=" : "="}${literal(only)}`;
  return `${name}${exclude ? "!~" : "=~"}${literal(values.map(escapeRegex).join("|"))}`;
}

/** A text as a literal of LogQL: whatever it holds, it stays one value. Backticks where that reads better. */
export function literal(text: string): string {
  if (text.includes("\\") && !/[`\r\n]/.test(text)) return `\`${text}\``;
  return JSON.stringify(text);
}

/** A text that as a regular expression of RE2 finds itself. */
export function escapeRegex(text: string): string {
  return text.replace(/[\\.*+?^${}()|[\]]/g, "\\$&");
}

/** Lines of a log query in each step, by the values of a name. */
export function countBy(name: string, query: string, stepMs: number): string {
  return `sum by (${name}) (count_over_time(${countable(query)} [${stepMs}ms]))`;
}

/** A log query whose lines can be counted although a stage can't read some of them, which would fail the whole. */
export function countable(query: string): string {
  const canFail = /\|\s*(?:json|logfmt|unpack|pattern|regexp|line_format|label_format)\b/.test(
    query,
  );
  return canFail && !query.includes(dropped) ? `${query} ${dropped}` : query;
}
