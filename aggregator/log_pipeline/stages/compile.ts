import type { Stage } from "#shared/query_language/logql/ast.ts";
import { compileDrop, compileKeep } from "./choose.ts";
import { compilePattern, compileRegexp } from "./extract.ts";
import { compileDecolorize, compileLabelFormat, compileLineFormat } from "./format.ts";
import { compileJson, compileJsonPaths } from "./json.ts";
import { compileLabelFilter } from "./label_filter.ts";
import { compileLineFilter } from "./line_filter.ts";
import { compileLogfmt, compileLogfmtFields } from "./logfmt.ts";
import type { StageRun, Wanted } from "./stage.ts";
import { compileUnpack } from "./unpack.ts";

/** One stage as a function of a record. `wanted` says what a parser may leave out. Throws LogqlError. */
export function compileStage(stage: Stage, wanted: Wanted): StageRun {
  switch (stage.type) {
    case "line_filter":
      return compileLineFilter(stage);
    case "json":
      return stage.extractions.length === 0
        ? compileJson(wanted)
        : compileJsonPaths(stage.extractions, wanted);
    case "logfmt":
      return stage.extractions.length === 0
        ? compileLogfmt(stage.strict, stage.keepEmpty, wanted)
        : compileLogfmtFields(stage.extractions, stage.strict);
    case "regexp":
      return compileRegexp(stage.pattern, wanted);
    case "pattern":
      return compilePattern(stage.pattern, wanted);
    case "unpack":
      return compileUnpack();
    case "label_filter":
      return compileLabelFilter(stage.filter);
    case "line_format":
      return compileLineFormat(stage.template);
    case "label_format":
      return compileLabelFormat(stage.formats);
    case "decolorize":
      return compileDecolorize();
    case "drop":
      return compileDrop(stage.labels);
    case "keep":
      return compileKeep(stage.labels);
  }
}
