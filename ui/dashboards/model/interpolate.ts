import { formatValues } from "./variable_format.ts";

/** What is chosen for a variable. */
export type VariableValue = {
  readonly values: readonly string[];
  /** Names of the values, in their order. */
  readonly texts: readonly string[];
  readonly all: boolean;
  /** Whether several can be chosen: expressions then take them as parts of a regular expression. By default where there are several. */
  readonly multi?: boolean;
  /** The variable's own text for "all": goes in as it is, with the variables it names. */
  readonly raw?: boolean;
  /** Of variables with parts: ${__dashboard.uid}. */
  readonly fields?: Readonly<Record<string, string>>;
};
export type VariableValues = ReadonlyMap<string, VariableValue>;

/** One place of a variable in a text. */
export type VariablePlace = {
  readonly match: string;
  readonly name: string;
  /** "text" of ${name.text}. */
  readonly path: string | undefined;
  /** "csv" of ${name:csv}, "date:YYYY" of ${name:date:YYYY}. */
  readonly format: string | undefined;
  readonly offset: number;
};

/** Grafana's three ways to write a variable: $name, [[name:format]], ${name.path:format}. */
const places = /\$(\w+)|\[\[(\w+?)(?::(\w+))?\]\]|\$\{(\w+)(?:\.([^:}^]+))?(?::([^}]+))?\}/g;

/** The text with each variable replaced by what `resolve` says; where that is nothing, it stays as written. */
export function replaceVariables(
  text: string,
  resolve: (place: VariablePlace) => string | undefined,
): string {
  if (!text.includes("$") && !text.includes("[[")) return text;
  return text.replaceAll(places, (match: string, ...groups: unknown[]) => {
    const [plain, square, squareFormat, curly, path, curlyFormat, offset] = groups;
    return (
      resolve({
        match,
        name: stringOr(plain) ?? stringOr(square) ?? stringOr(curly) ?? "",
        path: stringOr(path),
        format: stringOr(squareFormat) ?? stringOr(curlyFormat),
        offset: typeof offset === "number" ? offset : 0,
      }) ?? match
    );
  });
}

function stringOr(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}

/** Names of the variables in a text, each once. */
export function variablesIn(text: string): readonly string[] {
  const names = new Set<string>();
  replaceVariables(text, ({ name }) => {
    names.add(name);
    return undefined;
  });
  return [...names];
}

/**
 * The text with its variables filled in. `format` is what counts where the text names none: "promql" and "logql" write values
 * so that they stay values within the quotes they stand in, several as (a|b); any other is one of Grafana's formats. Names that
 * are no variable stay as they are.
 */
export function interpolate(text: string, variables: VariableValues, format?: string): string {
  return replaceVariables(text, (place) => valueAt(place, text, variables, format, 0));
}

/** An all_value may name variables, and they have one, too: deeper than this it stays as written. */
const depthMax = 5;

function valueAt(
  place: VariablePlace,
  text: string,
  variables: VariableValues,
  fallback: string | undefined,
  depth: number,
): string | undefined {
  const variable = variables.get(place.name);
  if (variable === undefined) return undefined;
  const format = place.format ?? fallback;
  const kind = format?.split(":", 1)[0];
  if (variable.raw === true && kind !== "text" && place.path !== "text") {
    if (kind === "queryparam") return formatValues(place.name, ["All"], false, format);
    if (kind === "percentencode") return formatValues(place.name, variable.values, false, format);
    const own = variable.values.join(",");
    if (depth >= depthMax) return own;
    return replaceVariables(own, (inner) =>
      inner.name === place.name ? undefined : valueAt(inner, own, variables, fallback, depth + 1),
    );
  }
  const part = place.path === undefined ? undefined : partOf(variable, place.path);
  if (part !== undefined) return formatValues(place.name, [part], false, place.format);
  if (kind === "text") return variable.all ? "All" : variable.texts.join(" + ");
  const isMulti = variable.multi ?? (variable.all || variable.values.length !== 1);
  if (kind === "queryparam" && variable.all)
    return formatValues(place.name, ["$__all"], false, format);
  if (kind === "promql" || kind === "logql")
    return inExpression(variable.values, isMulti, quoteAt(text, place.offset));
  return formatValues(place.name, variable.values, isMulti, format);
}

/** What ${name.path} is; undefined where the path says nothing, and the variable stands for itself. */
function partOf(variable: VariableValue, path: string): string | undefined {
  if (variable.fields !== undefined && Object.hasOwn(variable.fields, path))
    return variable.fields[path];
  if (path === "text") return variable.all ? "All" : variable.texts.join(" + ");
  if (path === "value") return undefined;
  return /^\d{1,5}$/.test(path) ? variable.values[Number(path)] : undefined;
}

/** The quote that a place in an expression stands in, by the strings before it. */
function quoteAt(expr: string, offset: number): string | undefined {
  let quote: string | undefined;
  for (let i = 0; i < offset; i += 1) {
    const at = expr[i];
    if (quote === undefined) {
      if (at === '"' || at === "'" || at === "`") quote = at;
    } else if (at === "\\" && quote !== "`") i += 1;
    else if (at === quote) quote = undefined;
  }
  return quote;
}

function inExpression(
  values: readonly string[],
  isMulti: boolean,
  quote: string | undefined,
): string {
  const parts = isMulti ? values.map(regexEscaped) : values;
  const written = parts.map((part) => quoted(part, quote));
  return written.length === 1 ? (written[0] ?? "") : `(${written.join("|")})`;
}

function regexEscaped(text: string): string {
  return text.replaceAll(/[\\^$*+?.()|[\]{}]/g, String.raw`\$&`);
}

/** As it is written between these quotes. In backticks nothing can be escaped. */
function quoted(text: string, quote: string | undefined): string {
  if (quote === undefined || quote === "`") return text;
  return text.replaceAll("\\", "\\\\").replaceAll(quote, `\\${quote}`).replaceAll("\n", "\\n");
}
