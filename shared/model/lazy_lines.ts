import { type LineColumns, linesOf } from "./line_columns.ts";
import type { LogsBatch } from "./logs.ts";
import { OnDemand } from "./on_demand.ts";

/** A batch whose lines are made of their columns when they are asked for: nearly all become Parquet before anybody looks at them. */
export function withLines(
  records: Omit<LogsBatch, "bodies" | "bodyEnds" | "mined" | "columns">,
  columns: LineColumns,
): LogsBatch {
  const lines = new OnDemand(
    () => linesOf(columns),
    ({ bodies }) => bodies.length,
  );
  const { templates, templateOf } = columns;
  const mined = {
    templates,
    templateOf,
    get variableLengths() {
      return lines.value.variableLengths;
    },
  };
  return {
    ...records,
    columns,
    mined,
    get bodies() {
      return lines.value.bodies;
    },
    get bodyEnds() {
      return lines.value.bodyEnds;
    },
  };
}
