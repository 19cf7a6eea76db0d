import type { Board } from "#shared/dashboards/board.ts";
import type { Expr } from "#shared/query_language/promql/ast.ts";
import { parsePromql } from "#shared/query_language/promql/parse.ts";

type Panel = Board["rows"][number]["panels"][number];
export type BoardQuery = { readonly panel: Panel } & Panel["queries"][number];

/** Every query of a board, with the panel that it is of. */
export function queriesOfBoard({ rows }: Board): BoardQuery[] {
  return rows.flatMap(({ panels }) =>
    panels.flatMap((panel) => panel.queries.map((query) => ({ ...query, panel }))),
  );
}

/** Grafana's and Sloth's variables become what a query may hold in their places. */
export function withoutVariables(query: string): string {
  return query
    .replaceAll(
      /\$__(rate_interval|interval|range)\b|\$\{__(rate_interval|interval|range)\}/g,
      "5m",
    )
    .replaceAll(/\{\{\s*\.window\s*\}\}/g, "5m")
    .replaceAll(/\$\{?\w+\}?/g, "x");
}

/** Names of the metrics that a query selects; the parser says so where it is not PromQL. */
export function metricNames(query: string): Set<string> {
  const names = new Set<string>();
  const visit = (node: unknown): void => {
    if (typeof node !== "object" || node === null) return;
    if ("matchers" in node && Array.isArray(node.matchers))
      for (const matcher of node.matchers)
        if (matcher?.name === "__name__" && typeof matcher.value === "string")
          names.add(matcher.value);
    for (const child of Object.values(node)) visit(child);
  };
  visit(parsePromql(query).expr);
  return names;
}

/** Labels that the series of an answer have at most; undefined where only the data know. */
export function labelsLeft(query: string): ReadonlySet<string> | undefined {
  return left(parsePromql(query).expr);
}

const none: ReadonlySet<string> = new Set();
const passing = new Set(["topk", "bottomk", "limitk", "limit_ratio"]);

function left(expr: Expr): ReadonlySet<string> | undefined {
  switch (expr.kind) {
    case "paren":
    case "unary":
      return left(expr.expr);
    case "number":
    case "string":
      return none;
    case "aggregate":
      if (passing.has(expr.op)) return left(expr.expr);
      if (expr.without || expr.op === "count_values") return undefined;
      return new Set(expr.grouping);
    case "call":
      return ofCall(expr.name, expr.args);
    case "binary":
      return ofBinary(expr);
    default:
      return undefined;
  }
}

function ofCall(name: string, args: readonly Expr[]): ReadonlySet<string> | undefined {
  if (["time", "scalar", "vector"].includes(name)) return none;
  if (/^label_|^info$|^absent/.test(name)) return undefined;
  const [last] = args.toReversed();
  const of = name === "histogram_quantile" || last === undefined ? last : args[0];
  return of === undefined ? none : left(of);
}

function ofBinary({
  lhs,
  rhs,
  op,
  matching,
}: Extract<Expr, { kind: "binary" }>): ReadonlySet<string> | undefined {
  const [a, b] = [left(lhs), left(rhs)];
  if (op === "and" || op === "unless") return a;
  if (op === "or") return a === undefined || b === undefined ? undefined : a.union(b);
  const include = new Set(matching.include);
  if (matching.group === "right") return b?.union(include);
  if (matching.group === "left") return a?.union(include);
  // A number beside a vector takes nothing from it.
  const many = isScalar(lhs) ? b : a;
  return matching.on && !isScalar(lhs) && !isScalar(rhs) ? new Set(matching.labels) : many;
}

function isScalar(expr: Expr): boolean {
  if (expr.kind === "paren" || expr.kind === "unary") return isScalar(expr.expr);
  if (expr.kind === "binary") return isScalar(expr.lhs) && isScalar(expr.rhs);
  return expr.kind === "number" || (expr.kind === "call" && /^(time|scalar|pi)$/.test(expr.name));
}
