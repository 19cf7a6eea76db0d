import { Hono } from "hono";
import type { Expr } from "#aggregator/query/promql/ast.ts";
import { childrenOf } from "#aggregator/query/promql/context.ts";
import { parsePromql } from "#aggregator/query/promql/parse.ts";
import { printPromql } from "#aggregator/query/promql/print.ts";
import { OperatingError } from "#shared/errors.ts";
import { answering, invalidParameter } from "./answer.ts";
import { expressionJson } from "./expression_json.ts";
import { type Params, readParams, timeParam } from "./params.ts";

/** /format_query, /parse_query, /query_exemplars: what is asked about an expression without evaluating it. */
export function expressionRoutes(): Hono {
  const app = new Hono();
  app.on(
    ["GET", "POST"],
    "/format_query",
    answering(async (c) => ({
      dataJson: JSON.stringify(printPromql(parsed(await readParams(c)))),
    })),
  );
  app.on(
    ["GET", "POST"],
    "/parse_query",
    answering(async (c) => {
      const params = await readParams(c);
      return { dataJson: JSON.stringify(expressionJson(parsed(params), params.get("query"))) };
    }),
  );
  app.on(
    ["GET", "POST"],
    "/query_exemplars",
    answering(async (c) => {
      const params = await readParams(c);
      const startMs = timeParam(params, "start", Number.MIN_SAFE_INTEGER);
      const endMs = timeParam(params, "end", Number.MAX_SAFE_INTEGER);
      if (endMs < startMs)
        throw invalidParameter("end", "end timestamp must not be before start timestamp");
      // Exemplars are not kept, so what has a selector has none.
      return { dataJson: hasSelector(parsed(params)) ? "[]" : undefined };
    }),
  );
  return app;
}

function parsed(params: Params): Expr {
  try {
    return parsePromql(params.get("query")).expr;
  } catch (thrown) {
    if (thrown instanceof OperatingError) throw invalidParameter("query", thrown.message);
    throw thrown;
  }
}

function hasSelector(expr: Expr): boolean {
  if (expr.kind === "selector" || expr.kind === "matrix") return true;
  return childrenOf(expr).some(hasSelector);
}
