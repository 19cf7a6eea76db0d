import { Hono } from "hono";
import type { Expr } from "#shared/query_language/promql/ast.ts";
import type { ExemplarsSource } from "#aggregator/read/source.ts";
import { childrenOf } from "#aggregator/query/promql/model/context.ts";
import { parsePromql } from "#shared/query_language/promql/parse.ts";
import { exemplarsJson } from "#aggregator/query/promql/json.ts";
import { printPromql } from "#shared/query_language/promql/print.ts";
import { MissingBlocks } from "#aggregator/read/missing_blocks.ts";
import { PromqlError } from "#shared/query_language/promql/errors.ts";
import { OperatingError } from "#shared/errors.ts";
import type { Matcher } from "#shared/model/labels.ts";
import { answering, invalidParameter } from "./answer.ts";
import { expressionJson } from "./expression_json.ts";
import { type Params, readParams, timeParam } from "./params.ts";

export type ExpressionParts = {
  readonly exemplars: ExemplarsSource;
  /** Whose data the request asks for. */
  readonly tenant: (request: Request) => string;
};

/** Prometheus keeps at most as many, of all series together. */
const exemplarsMax = 100_000;

/** /format_query, /parse_query, /query_exemplars: what is asked about an expression without evaluating it. */
export function expressionRoutes({ exemplars, tenant }: ExpressionParts): Hono {
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
        throw new PromqlError("bad_data", "end timestamp must not be before start timestamp");
      // Unlike its neighbours, Prometheus tells a fault of the query without the parameter's name here.
      const selectors = selectorsOf(parsePromql(params.get("query")).expr);
      if (selectors.length === 0) return { dataJson: undefined };
      const missing = new MissingBlocks();
      const found = await exemplars.select({
        missing,
        tenant: tenant(c.req.raw),
        selectors,
        startMs,
        endMs,
        exemplarsMax,
        signal: c.req.raw.signal,
      });
      return { dataJson: exemplarsJson(found), ...missing.mark, warnings: missing.warnings() };
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

/** The matchers of every selector in an expression. */
function selectorsOf(expr: Expr): (readonly Matcher[])[] {
  if (expr.kind === "selector") return [expr.matchers];
  if (expr.kind === "matrix") return [expr.selector.matchers];
  return childrenOf(expr).flatMap(selectorsOf);
}
