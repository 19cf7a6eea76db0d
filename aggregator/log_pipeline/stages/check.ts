import type { Stage } from "#shared/query_language/logql/ast.ts";
import { parseError } from "#shared/query_language/logql/errors.ts";
import { compileStage } from "./compile.ts";

/** Stages of a query, and what stages have of labels, templates and conditions: each is worked through for every line. */
const stagesMax = 1_000;

/** Refuses stages whose strings are no expression, pattern or template. Throws LogqlError. */
export function checkStages(stages: readonly Stage[]): void {
  const size = stages.reduce((sum, stage) => sum + sizeOf(stage), 0);
  if (size > stagesMax)
    throw parseError(
      `the query has ${size} stages, labels and templates, at most ${stagesMax} are allowed`,
      { limit: "stages" },
    );
  for (const stage of stages) compileStage(stage, { names: undefined, isExact: true });
}

function sizeOf(stage: Stage): number {
  switch (stage.type) {
    case "json":
    case "logfmt":
      return 1 + stage.extractions.length;
    case "label_format":
      return 1 + stage.formats.length;
    case "drop":
    case "keep":
      return 1 + stage.labels.length;
    case "line_filter":
      return stage.matches.length;
    default:
      return 1;
  }
}
