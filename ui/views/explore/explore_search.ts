import { parseDuration } from "#shared/text/duration.ts";

export const views = ["lines", "bars", "stacked", "points", "heatmap", "table", "raw"] as const;
export type View = (typeof views)[number];

export const queryTypes = ["range", "instant", "both"] as const;
export type QueryType = (typeof queryTypes)[number];

export type ExploreQuery = {
  /** "A": what formulas call it. */
  readonly ref: string;
  readonly expr: string;
  readonly type: QueryType;
  readonly hidden: boolean;
  /** Whether it is shown as blocks. */
  readonly builder: boolean;
  /** Names of the series: {{label}}; empty for automatic ones. */
  readonly legend: string;
  /** The smallest step, as a duration; empty for none. */
  readonly step: string;
};

export type ExploreState = { readonly queries: readonly ExploreQuery[]; readonly view: View };

type Search = Readonly<Record<string, unknown>>;

const refPattern = /^[A-Z][A-Z0-9]{0,2}$/;
export const queriesMax = 20;
const exprLengthMax = 20_000;

/**
 * What Explore shows, as its URL says. Each query is a readable parameter: `q.A` is its text, `as.A` holds words about it
 * ("instant", "both", "hidden", "builder", "step=1m"), `name.A` its legend; `view` is the picture. `expr` is `q.A`, as
 * Prometheus's and Grafana's links have it (`g0.expr`, too).
 */
export function readExplore(search: Search): ExploreState {
  const refs = [...refsIn(search, "q."), ...refsIn(search, "as.")];
  const known = [...new Set(refs)].slice(0, queriesMax);
  const foreign = [search["expr"], search["g0.expr"]].find((text) => typeof text === "string");
  const queries = known.map((ref) => readQuery(search, ref));
  if (queries.length === 0) {
    queries.push({ ...newQuery("A"), expr: typeof foreign === "string" ? foreign : "" });
  }
  return { queries, view: views.find((each) => each === search["view"]) ?? "lines" };
}

function refsIn(search: Search, prefix: string): string[] {
  return Object.keys(search)
    .filter((name) => name.startsWith(prefix))
    .map((name) => name.slice(prefix.length))
    .filter((ref) => refPattern.test(ref));
}

function readQuery(search: Search, ref: string): ExploreQuery {
  const words = textOf(search[`as.${ref}`]).split(" ");
  const step = words.find((word) => word.startsWith("step="))?.slice("step=".length) ?? "";
  return {
    ref,
    expr: textOf(search[`q.${ref}`]).slice(0, exprLengthMax),
    type: queryTypes.find((type) => words.includes(type)) ?? "range",
    hidden: words.includes("hidden"),
    builder: words.includes("builder"),
    legend: textOf(search[`name.${ref}`]),
    step: parseDuration(step) === undefined ? "" : step,
  };
}

/** Parameters that make the page show this, and take out what it showed before. */
export function writeExplore(
  { queries, view }: ExploreState,
  before: Search,
): Record<string, string | undefined> {
  const search: Record<string, string | undefined> = { expr: undefined, "g0.expr": undefined };
  for (const name of Object.keys(before)) {
    if (/^(?:q|as|name)\./.test(name)) search[name] = undefined;
  }
  for (const { ref, expr, type, hidden, builder, legend, step } of queries) {
    const words = [
      type === "range" ? "" : type,
      hidden ? "hidden" : "",
      builder ? "builder" : "",
      step === "" ? "" : `step=${step}`,
    ].filter((word) => word !== "");
    // Every query has a parameter, so that one that is still empty is not lost.
    if (words.length > 0 || expr === "") search[`as.${ref}`] = words.join(" ") || "range";
    if (expr !== "") search[`q.${ref}`] = expr;
    if (legend !== "") search[`name.${ref}`] = legend;
  }
  search["view"] = view === "lines" ? undefined : view;
  return ordered(search, queries);
}

/** The order of queries is the order of their parameters. */
function ordered(
  search: Record<string, string | undefined>,
  queries: readonly ExploreQuery[],
): Record<string, string | undefined> {
  const places = new Map(queries.map(({ ref }, i) => [ref, i]));
  const place = (name: string): number => places.get(name.slice(name.indexOf(".") + 1)) ?? -1;
  return Object.fromEntries(Object.entries(search).toSorted(([a], [b]) => place(a) - place(b)));
}

export function newQuery(ref: string): ExploreQuery {
  return { ref, expr: "", type: "range", hidden: false, builder: false, legend: "", step: "" };
}

/** The first letter that no query has. */
export function nextRef(queries: readonly ExploreQuery[]): string {
  const taken = new Set(queries.map(({ ref }) => ref));
  for (let i = 0; ; i++) {
    const letter = String.fromCodePoint(65 + (i % 26));
    const ref = i < 26 ? letter : `${letter}${Math.floor(i / 26)}`;
    if (!taken.has(ref)) return ref;
  }
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}
