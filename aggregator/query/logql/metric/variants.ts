import type { MetricQuery, VariantsQuery } from "#shared/query_language/logql/ast.ts";

/** Says in each series of an answer which variant it is of, from 0. */
export const variantLabel = "__variant__";

/**
 * The variants of a query as queries of their own. All read the lines that `of` selects, after its stages. As in Loki (pkg/logql/syntax/extractor.go)
 * a range aggregation that is a variant by itself has no other stages, whatever stands in it, but its own unwrap; one within another function has
 * its own stages after those. Windows are as long as each says itself.
 */
export function variantQueries({ variants, of }: VariantsQuery): MetricQuery[] {
  return variants.map((variant) =>
    variant.kind === "range"
      ? { ...variant, log: of.log }
      : withLines(variant, (query) => ({
          ...query,
          log: { ...of.log, stages: [...of.log.stages, ...query.log.stages] },
        })),
  );
}

type RangeQuery = Extract<MetricQuery, { kind: "range" }>;

function withLines(query: MetricQuery, change: (query: RangeQuery) => RangeQuery): MetricQuery {
  switch (query.kind) {
    case "range":
      return change(query);
    case "aggregate":
    case "label_replace":
      return { ...query, of: withLines(query.of, change) };
    case "binary": {
      const [left, right] = [withLines(query.left, change), withLines(query.right, change)];
      return { ...query, left, right };
    }
    default:
      return query;
  }
}
