import { z } from "zod";

/** The views of users' statements. */
export const sqlViews = ["metrics", "metrics_tiers", "logs"] as const;
export type SqlView = (typeof sqlViews)[number];

/** One scan of a view by a statement. Unix milliseconds, both inclusive. */
export type StatementRead = {
  readonly view: SqlView;
  /** Names of metrics; undefined where the conditions do not say. */
  readonly names: readonly string[] | undefined;
  /** -Infinity where the statement has no lower bound. */
  readonly startMs: number;
  readonly endMs: number;
};

type PlanNode = {
  readonly children?: readonly PlanNode[] | undefined;
  readonly extra_info?: Readonly<Record<string, unknown>> | undefined;
};
const PlanNode: z.ZodType<PlanNode> = z.lazy(() =>
  z.object({
    children: z.array(PlanNode).optional(),
    extra_info: z.record(z.string(), z.unknown()).optional(),
  }),
);
const Filters = z.union([z.string().transform((text) => [text]), z.array(z.string())]).catch([]);

/**
 * What a statement reads, by the plan that DuckDB's EXPLAIN (FORMAT json) has for it over tables in place of the views: its optimizer has
 * brought conditions on `name` and `timestamp` down to the scans. A condition that is not understood counts as none, so that
 * a read is never smaller than what the statement sees. Equal reads are listed once. Throws ZodError for what is no plan.
 */
export function statementReads(planJson: string, timeMs: number): StatementRead[] {
  const reads = new Map<string, StatementRead>();
  const open: PlanNode[] = z.array(PlanNode).parse(JSON.parse(planJson)).toReversed();
  for (let node = open.pop(); node !== undefined; node = open.pop()) {
    open.push(...(node.children ?? []).toReversed());
    const table = node.extra_info?.["Table"];
    const view = sqlViews.find((name) => typeof table === "string" && table.endsWith(`.${name}`));
    if (view === undefined) continue;
    const read = readOf(view, Filters.parse(node.extra_info?.["Filters"]), timeMs);
    reads.set(JSON.stringify([read, read.startMs === -Infinity]), read);
  }
  return [...reads.values()];
}

function readOf(view: SqlView, filters: readonly string[], timeMs: number): StatementRead {
  let names: ReadonlySet<string> | undefined;
  let [startMs, endMs] = [-Infinity, timeMs];
  for (const condition of filters.flatMap(conjuncts)) {
    const own = namesOf(condition);
    if (own !== undefined) names = names === undefined ? own : names.intersection(own);
    const span = spanOf(condition);
    startMs = Math.max(startMs, span.startMs);
    endMs = Math.min(endMs, span.endMs);
  }
  return { view, names: names && [...names].toSorted(), startMs, endMs };
}

/** Conditions that all hold. None of a text that has alternatives beside them. */
function conjuncts(filter: string): string[] {
  const parts = split(filter, " AND ");
  return parts.some((part) => split(part, " OR ").length > 1) ? [] : parts;
}

/** Splits outside of quotes and parentheses. */
function split(text: string, separator: string): string[] {
  const parts: string[] = [];
  let [from, depth, isQuoted] = [0, 0, false];
  for (let i = 0; i < text.length; i++) {
    const char = text[i];
    if (char === "'") isQuoted = !isQuoted;
    if (isQuoted) continue;
    if (char === "(") depth++;
    else if (char === ")") depth--;
    else if (depth === 0 && text.startsWith(separator, i)) {
      parts.push(text.slice(from, i));
      from = i + separator.length;
      i = from - 1;
    }
  }
  return [...parts, text.slice(from)];
}

const quotedText = /'((?:[^']|'')*)'/g;
/** `name='a'`, `(name = 'a')`, `name IN ('a', 'b')`, and those that DuckDB only filters by early ("optional"). */
const nameCondition =
  /^(?:optional: )?\(?name(?: ?= ?'(?:[^']|'')*'| IN \('(?:[^']|'')*'(?:, '(?:[^']|'')*')*\))\)?$/;

function namesOf(condition: string): ReadonlySet<string> | undefined {
  if (!nameCondition.test(condition)) return undefined;
  const texts = condition.matchAll(quotedText);
  return new Set(Array.from(texts, ([, text = ""]) => text.replaceAll("''", "'")));
}

const column = String.raw`(?:timestamp|CAST\(timestamp AS [A-Z_ ]+\))`;
const literal = String.raw`'(\d{4}-\d\d-\d\d(?: \d\d:\d\d:\d\d(?:\.\d+)?)?)(?:\+00)?'::[A-Z_ ]+`;
const comparison = new RegExp(String.raw`^\(?${column} ?(>=|>|<=|<|=) ?${literal}\)?$`);
const between = new RegExp(String.raw`^\(?${column} BETWEEN ${literal} AND ${literal}\)?$`);
const everything = { startMs: -Infinity, endMs: Infinity };

function spanOf(condition: string): { readonly startMs: number; readonly endMs: number } {
  const [, from, to] = between.exec(condition) ?? [];
  if (from !== undefined && to !== undefined) return { startMs: msOf(from), endMs: msOf(to) };
  const [, op, text] = comparison.exec(condition) ?? [];
  if (text === undefined) return everything;
  if (op === "=") return { startMs: msOf(text), endMs: msOf(text) };
  return op === ">" || op === ">="
    ? { ...everything, startMs: msOf(text) }
    : { ...everything, endMs: msOf(text) };
}

/** The millisecond in which it lies, so that no read begins too late; ends are whole milliseconds, too, and inclusive. */
function msOf(text: string): number {
  const [seconds = "", fraction = ""] = text.split(".");
  const [day, time = "00:00:00"] = seconds.split(" ");
  return Date.parse(`${day}T${time}Z`) + Number(`${fraction}000`.slice(0, 3));
}
