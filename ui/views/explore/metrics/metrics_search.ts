import type { Matcher } from "../../../promql/expr.ts";
import { selectorText } from "../../../promql/expr.ts";
import { parsePromql } from "../../../promql/parse.ts";

export const sorts = ["unlike", "value", "name"] as const;
export type Sort = (typeof sorts)[number];

/** What the page without a query shows, as its URL says. */
export type MetricsState = {
  /** Letters of names. */
  readonly text: string;
  readonly type: string;
  /** Names begin with it. */
  readonly prefix: string;
  /** The metric that is looked at; empty for the list. */
  readonly metric: string;
  /** The label it is broken down by; empty for all of them. */
  readonly by: string;
  /** Conditions that all pictures have: `job="web", instance!="a"`. */
  readonly where: readonly Matcher[];
  readonly sort: Sort;
};

/** Changes some of it. */
export type Change = (change: Partial<MetricsState>) => void;

type Search = Readonly<Record<string, unknown>>;

/** Parameters: q, type, prefix, metric, by, sort, and `where` as label conditions in PromQL. */
export function readMetrics(search: Search): MetricsState {
  const text = (name: string): string => {
    const value = search[name];
    return typeof value === "string" ? value.slice(0, 5_000) : "";
  };
  return {
    text: text("q"),
    type: text("type"),
    prefix: text("prefix"),
    metric: text("metric"),
    by: text("by"),
    where: readWhere(text("where")),
    sort: sorts.find((each) => each === search["sort"]) ?? "unlike",
  };
}

/** What is no list of conditions is none: a link never breaks a page. */
function readWhere(text: string): readonly Matcher[] {
  if (text === "") return [];
  const { expr } = parsePromql(`{${text}}`);
  return expr?.kind === "selector" ? expr.matchers : [];
}

export function whereText(where: readonly Matcher[]): string {
  return selectorText("", where).slice(1, -1);
}

/** The conditions with one more; the opposite of one that is there replaces it. */
export function withCondition(where: readonly Matcher[], added: Matcher): readonly Matcher[] {
  const others = where.filter(
    ({ label, value, op }) => label !== added.label || (value !== added.value && op !== added.op),
  );
  // Two values of one label can't both hold.
  const kept = added.op === "=" ? others.filter(({ label }) => label !== added.label) : others;
  return [...kept, added];
}
