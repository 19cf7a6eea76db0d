import type { Variable } from "#shared/dashboards/dashboard.ts";
import { messageOf } from "#shared/errors.ts";
import type { Matcher } from "#shared/model/labels.ts";
import { isDataSource, languageOf } from "../../frames/data_source.ts";
import type { Window } from "../../state/time_range.ts";
import { formatDuration } from "#shared/text/duration.ts";
import { interpolate, type VariableValue, type VariableValues } from "./interpolate.ts";
import { durationOf, stepIn } from "./interval.ts";
import { parseVariableQuery, type VariableQuestion } from "./variable_query.ts";
import { queryOptions, type VariableOption } from "./variable_options.ts";
import { variableOrder } from "./variable_order.ts";

/** "All" as it stands in addresses and documents. */
export const allValue = "$__all";
const autoInterval = "$__auto";

/** Asks the aggregator for the answers that a query variable chooses from. */
export type VariableAsker = (
  question: VariableQuestion,
  signal: AbortSignal | undefined,
) => Promise<readonly string[]>;

/** A variable as the page has it: what there is to choose, and what is chosen. */
export type VariableState = {
  readonly variable: Variable;
  readonly options: readonly VariableOption[];
  /** What is chosen, as it stands in the address: "$__all" is all. */
  readonly chosen: readonly string[];
  readonly value: VariableValue;
  /** Of `filters`: the conditions to add to every selector. */
  readonly filters: readonly Matcher[];
  /** Why there are no options, where asking for them failed. */
  readonly failed: string | undefined;
};

export type VariableScope = {
  /** `name` → what the address says: chosenFrom(). */
  readonly chosen: ReadonlyMap<string, readonly string[]>;
  readonly globals: VariableValues;
  readonly window: Window;
};

/**
 * All variables of a dashboard, each asked as soon as those it depends on are known. One that fails has no options and says why; the
 * others go on. Throws OperatingError("bad_request") where variables wait for each other.
 */
export async function resolveVariables(
  variables: readonly Variable[],
  scope: VariableScope,
  ask: VariableAsker,
  signal?: AbortSignal,
): Promise<ReadonlyMap<string, VariableState>> {
  const states = new Map<string, VariableState>();
  for (const group of variableOrder(variables)) {
    const known = new Map([...scope.globals, ...valuesOf(states)]);
    const resolved = await Promise.all(
      group.map((variable) => stateOf(variable, scope, known, ask, signal)),
    );
    for (const state of resolved) states.set(state.variable.name, state);
  }
  return new Map(
    variables.flatMap(({ name }) => {
      const state = states.get(name);
      return state === undefined ? [] : [[name, state] as const];
    }),
  );
}

/** What interpolate() takes. */
export function valuesOf(states: ReadonlyMap<string, VariableState>): Map<string, VariableValue> {
  return new Map([...states].map(([name, { value }]) => [name, value]));
}

/** The conditions of all `filters` variables, for withMatchers(). */
export function filtersOf(states: ReadonlyMap<string, VariableState>): readonly Matcher[] {
  return [...states.values()].flatMap(({ filters }) => filters);
}

/** Choices as an address has them, var-name=a&var-name=b, as Grafana writes them. */
export function chosenFrom(search: URLSearchParams): ReadonlyMap<string, readonly string[]> {
  const chosen = new Map<string, string[]>();
  for (const [key, value] of search) {
    if (!key.startsWith("var-")) continue;
    const name = key.slice("var-".length);
    chosen.set(name, [...(chosen.get(name) ?? []), value]);
  }
  return chosen;
}

async function stateOf(
  variable: Variable,
  scope: VariableScope,
  known: VariableValues,
  ask: VariableAsker,
  signal: AbortSignal | undefined,
): Promise<VariableState> {
  const given = scope.chosen.get(variable.name);
  if (variable.kind === "filters") return filtersState(variable, given);
  let options: readonly VariableOption[] = [];
  let failed: string | undefined;
  try {
    options = await optionsOf(variable, known, ask, signal);
  } catch (thrown) {
    if (signal?.aborted === true) throw thrown;
    failed = messageOf(thrown);
  }
  return { ...chosenState(variable, options, given, scope.window, known), failed };
}

async function optionsOf(
  variable: Exclude<Variable, { kind: "filters" }>,
  known: VariableValues,
  ask: VariableAsker,
  signal: AbortSignal | undefined,
): Promise<readonly VariableOption[]> {
  switch (variable.kind) {
    case "query": {
      if (!isDataSource(variable.source))
        throw new Error(`its data source ("${variable.source}") is none that Lapwing has`);
      const query = interpolate(variable.query, known, languageOf(variable.source));
      const answers = await ask(parseVariableQuery(query, variable.source), signal);
      const regex = variable.regex && interpolate(variable.regex, known, "regex");
      return queryOptions(answers, regex, variable.sort);
    }
    case "custom":
      return variable.options.map(({ text, value }) => ({
        text,
        value: interpolate(value, known),
      }));
    case "constant":
      return [{ text: variable.value, value: interpolate(variable.value, known) }];
    case "text":
      return [];
    case "interval":
      return [
        ...(variable.auto === undefined ? [] : [{ text: "auto", value: autoInterval }]),
        ...variable.options.map((each) => ({ text: each, value: each })),
      ];
    case "datasource":
      return [{ text: "Lapwing", value: "lapwing" }];
  }
}

type Chosen = Omit<VariableState, "failed">;

function chosenState(
  variable: Exclude<Variable, { kind: "filters" }>,
  options: readonly VariableOption[],
  given: readonly string[] | undefined,
  window: Window,
  known: VariableValues,
): Chosen {
  const state = { variable, options, filters: [] };
  switch (variable.kind) {
    case "constant":
    case "datasource": {
      const value = options[0]?.value ?? "";
      return { ...state, chosen: [value], value: single(value, options) };
    }
    case "text": {
      const value = interpolate(given?.[0] ?? variable.value, known);
      return { ...state, chosen: [value], value: single(value, options) };
    }
    case "interval": {
      const chosen = intervalChoice(variable, given?.[0], options);
      const value = chosen === autoInterval ? autoStep(variable, window) : chosen;
      return { ...state, chosen: [chosen], value: single(value, options) };
    }
    case "query":
    case "custom": {
      const chosen = choice(variable, options, given);
      return { ...state, chosen, value: chosenValue(variable, options, chosen) };
    }
  }
}

function single(value: string, options: readonly VariableOption[]): VariableValue {
  const text = options.find((each) => each.value === value)?.text ?? value;
  return { values: [value], texts: [text], all: false, multi: false };
}

function intervalChoice(
  variable: Extract<Variable, { kind: "interval" }>,
  given: string | undefined,
  options: readonly VariableOption[],
): string {
  const wanted = given ?? (variable.current === "" ? undefined : variable.current);
  if (wanted === undefined) return options[0]?.value ?? "1m";
  return wanted === "auto" || wanted.startsWith(autoInterval) ? autoInterval : wanted;
}

function autoStep(variable: Extract<Variable, { kind: "interval" }>, window: Window): string {
  const { steps = 30, min = "10s" } = variable.auto ?? {};
  return formatDuration(stepIn(window, steps, durationOf(min) ?? 10_000));
}

type Choice = Extract<Variable, { kind: "query" | "custom" }>;

/** What the address says stands, also where there is no such option (any more): a link shows another person the same. */
function choice(
  variable: Choice,
  options: readonly VariableOption[],
  given: readonly string[] | undefined,
): readonly string[] {
  if (given !== undefined && given.length > 0) {
    if (variable.include_all && given.some((each) => each === allValue || each === "All"))
      return [allValue];
    const values = given.map((each) => byText(options, each));
    return variable.multi ? [...new Set(values)] : values.slice(0, 1);
  }
  if (variable.include_all && variable.current.includes(allValue)) return [allValue];
  const values = new Set(options.map(({ value }) => value));
  const kept = variable.current.filter((each) => values.has(each));
  if (kept.length > 0) return variable.multi ? kept : kept.slice(0, 1);
  const [first] = options;
  if (first === undefined) return variable.current.slice(0, 1);
  return variable.include_all ? [allValue] : [first.value];
}

/** Older links have names where there are values. */
function byText(options: readonly VariableOption[], given: string): string {
  if (options.some(({ value }) => value === given)) return given;
  return options.find(({ text }) => text === given)?.value ?? given;
}

function chosenValue(
  variable: Choice,
  options: readonly VariableOption[],
  chosen: readonly string[],
): VariableValue {
  const multi = variable.multi || variable.include_all;
  if (!chosen.includes(allValue)) {
    const names = new Map(options.map(({ text, value }) => [value, text]));
    const values = chosen.length === 0 && !variable.multi ? [""] : chosen;
    return { values, texts: values.map((each) => names.get(each) ?? each), all: false, multi };
  }
  if (variable.all_value !== undefined && variable.all_value !== "")
    return { values: [variable.all_value], texts: ["All"], all: true, multi, raw: true };
  return {
    values: options.map(({ value }) => value),
    texts: options.map(({ text }) => text),
    all: true,
    multi,
  };
}

const operators = ["=", "!=", "=~", "!~"] as const;

/** In the address: var-name=label|=|value, with bars and commas as Grafana writes them. */
function filtersState(
  variable: Extract<Variable, { kind: "filters" }>,
  given: readonly string[] | undefined,
): VariableState {
  const filters: readonly Matcher[] =
    given === undefined
      ? variable.current.map(({ label, op, value }) => ({ name: label, op, value }))
      : given.flatMap(filterFrom);
  const text = filters
    .map(({ name, op, value }) => `${name}${op}${JSON.stringify(value)}`)
    .join(",");
  return {
    variable,
    options: [],
    chosen: filters.map(filterText),
    value: { values: [text], texts: [text], all: false, multi: false },
    filters,
    failed: undefined,
  };
}

function filterFrom(text: string): readonly Matcher[] {
  const [name = "", op = "", value = ""] = text
    .split("|")
    .map((each) => each.replaceAll("__gfp__", "|").replaceAll("__gfc__", ","));
  const known = operators.find((each) => each === op);
  return known === undefined || name === "" ? [] : [{ name, op: known, value }];
}

/** A condition as it stands in the address. */
export function filterText({ name, op, value }: Matcher): string {
  return [name, op, value].map((each) => each.replaceAll("|", "__gfp__")).join("|");
}
