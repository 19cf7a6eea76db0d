import type { LogqlQuery } from "#shared/query_language/logql/ast.ts";
import { parseLogqlSyntax } from "#shared/query_language/logql/parse.ts";
import { checkStages } from "./stages/check.ts";

export { LogqlError } from "#shared/query_language/logql/errors.ts";

/**
 * A LogQL query in which nothing is wrong: its templates and expressions compile, so a bad one is refused before anything is read.
 * Throws LogqlError.
 */
export function parseLogql(text: string): LogqlQuery {
  const query = parseLogqlSyntax(text);
  checkStagesOf(query);
  return query;
}

function checkStagesOf(query: LogqlQuery): void {
  switch (query.kind) {
    case "log":
      return checkStages(query.stages);
    case "range":
      return checkStages(query.log.stages);
    case "aggregate":
    case "label_replace":
      return checkStagesOf(query.of);
    case "binary":
      checkStagesOf(query.left);
      return checkStagesOf(query.right);
    case "variants":
      checkStages(query.of.log.stages);
      return query.variants.forEach(checkStagesOf);
    default:
      return undefined;
  }
}
