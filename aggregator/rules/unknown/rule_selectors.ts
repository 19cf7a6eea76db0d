import { assertNever } from "#shared/assert.ts";
import { type Labels, type Matcher, metricNameLabel } from "#shared/model/labels.ts";
import { compileMatcher, compileMatchers } from "#shared/query_language/matchers.ts";
import { parsePromql } from "#shared/query_language/promql/parse.ts";
import { parseLogql } from "../../log_pipeline/parse_query.ts";
import type { StatementRead } from "../../query/sql/statement_reads.ts";
import type { AgentFeed, FedSignal } from "../../read/missing_agent.ts";
import type { ExpressionLanguage } from "../rule.ts";

/** What a rule's expression reads. */
export type RuleSelectors = {
  readonly signals: readonly FedSignal[];
  /** It asks whether there are data: absent() or absent_over_time(). */
  readonly asksForAbsence: boolean;
  /** Labels that the expression makes, so their values are not those of the series. */
  readonly madeLabels: LabelNames;
  /** Series or streams of an agent that it selects, of some signals; some of them twice. */
  readonly of: (feed: AgentFeed, signals: readonly FedSignal[]) => Iterable<Labels>;
  /** Whether it may select series of that metric. */
  readonly selectsMetric: (name: string) => boolean;
};

export type LabelNames = { readonly has: (name: string) => boolean };

/** What a statement reads now. Throws OperatingError. */
export type AskReads = (sql: string) => Promise<readonly StatementRead[]>;

type Asked = {
  readonly expr: string;
  readonly language: ExpressionLanguage;
  readonly dataLabels?: readonly string[] | undefined;
};

/** Throws OperatingError where the expression cannot be parsed. */
export async function ruleSelectors(
  { expr, language, dataLabels = [] }: Asked,
  askReads: AskReads,
): Promise<RuleSelectors> {
  switch (language) {
    case "promql": {
      const found = lookAt(parsePromql(expr).expr);
      const selectors = found.selectors.map((matchers) => metricSelector(matchers));
      return {
        signals: ["metrics"],
        ...found,
        *of(feed) {
          for (const { name, selects } of selectors)
            for (const labels of name === undefined ? feed.metrics() : feed.metric(name))
              if (selects(labels)) yield labels;
        },
        selectsMetric: (name) => selectors.some(({ isNamed }) => isNamed(name)),
      };
    }
    case "logql": {
      const found = lookAt(parseLogql(expr));
      const tests = found.selectors.map((matchers) => compileMatchers(matchers));
      return {
        signals: ["logs"],
        ...found,
        *of(feed) {
          for (const labels of feed.streams()) if (tests.some((test) => test(labels))) yield labels;
        },
        selectsMetric: () => false,
      };
    }
    case "sql":
      return statementSelectors(await askReads(expr), dataLabels);
    default:
      return assertNever(language);
  }
}

/** A statement may put anything into a column, so its labels are those of the data where the rule says so. */
function statementSelectors(
  reads: readonly StatementRead[],
  dataLabels: readonly string[],
): RuleSelectors {
  const ofMetrics = reads.filter(({ view }) => view !== "logs");
  const readsLogs = reads.some(({ view }) => view === "logs");
  const names = ofMetrics.some((read) => read.names === undefined)
    ? undefined
    : new Set(ofMetrics.flatMap((read) => read.names ?? []));
  const kept = new Set(dataLabels);
  return {
    signals: [
      ...(ofMetrics.length > 0 ? ["metrics" as const] : []),
      ...(readsLogs ? ["logs" as const] : []),
    ],
    asksForAbsence: false,
    madeLabels: { has: (name) => !kept.has(name) },
    *of(feed, signals) {
      if (signals.includes("metrics"))
        if (names === undefined) yield* feed.metrics();
        else for (const name of names) yield* feed.metric(name);
      if (readsLogs && signals.includes("logs")) yield* feed.streams();
    },
    selectsMetric: (name) => names?.has(name) ?? true,
  };
}

function metricSelector(matchers: readonly Matcher[]) {
  const ofName = matchers.filter(({ name }) => name === metricNameLabel);
  const tests = ofName.map((matcher) => compileMatcher(matcher));
  return {
    name: ofName.find(({ op }) => op === "=")?.value,
    selects: compileMatchers(matchers),
    isNamed: (name: string) => tests.every((test) => test(name)),
  };
}

type Found = {
  readonly selectors: (readonly Matcher[])[];
  readonly madeLabels: Set<string>;
  asksForAbsence: boolean;
};
type Node = Readonly<Record<string, unknown>>;

/** Of a tree of either language: selectors of both hold `matchers`, wherever they stand. */
function lookAt(tree: object): Found {
  const found: Found = { selectors: [], madeLabels: new Set(), asksForAbsence: false };
  look(tree, found);
  return found;
}

function look(node: unknown, found: Found): void {
  if (Array.isArray(node)) for (const one of node) look(one, found);
  else if (isNode(node)) {
    found.asksForAbsence ||= absences.has(node["name"]) || absences.has(node["op"]);
    for (const label of madeBy(node)) found.madeLabels.add(label);
    for (const [key, value] of Object.entries(node)) {
      if (key !== "matchers") look(value, found);
      else if (Array.isArray(value)) found.selectors.push(value.filter(isMatcher));
    }
  }
}

const absences: ReadonlySet<unknown> = new Set(["absent", "absent_over_time"]);

function* madeBy(node: Node): Generator<string> {
  const { name, op, kind, args, param, target, formats } = node;
  // PromQL's functions, whose second argument is the label, and its count_values.
  if (kind === "call" && (name === "label_replace" || name === "label_join"))
    yield* textIn(Array.isArray(args) ? args[1] : undefined);
  if (op === "count_values") yield* textIn(param);
  // LogQL's label_replace, and the stage label_format.
  if (kind === "label_replace" && typeof target === "string") yield target;
  for (const format of Array.isArray(formats) ? formats : [])
    if (isNode(format) && typeof format["label"] === "string") yield format["label"];
}

/** A text, perhaps in parentheses. */
function* textIn(node: unknown): Generator<string> {
  if (!isNode(node)) return;
  if (typeof node["value"] === "string") yield node["value"];
  else yield* textIn(node["expr"]);
}

function isNode(value: unknown): value is Node {
  return typeof value === "object" && value !== null;
}

function isMatcher(value: unknown): value is Matcher {
  return isNode(value) && "name" in value && "op" in value;
}
