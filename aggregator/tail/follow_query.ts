import { compileMatchers } from "../read/matching.ts";
import type { LogQuery } from "#shared/query_language/logql/ast.ts";
import type { LogScope } from "../query/logql/evaluate.ts";
import { selectRecords } from "../query/logql/evaluate.ts";
import { batchSource } from "./batch_source.ts";
import type { Followed } from "./tails.ts";

const allTime = { startNs: -(1n << 62n), endNs: 1n << 62n };

/** A log query over batches as they arrive: the engine's own evaluation, over a source that holds the one batch. */
export function followQuery(query: LogQuery, scope: LogScope): Followed {
  const matches = compileMatchers(query.matchers);
  return {
    concerns: ({ streams }) => streams.some((labels) => matches(labels)),
    read: (batch) => {
      const limit = batch.streamOf.length;
      const source = { ...scope.source, ...batchSource(batch) };
      return selectRecords(
        query,
        { ...allTime, limit, direction: "forward" },
        { ...scope, source },
      );
    },
  };
}
