import { allRows, compactSlice } from "../../query/log_slices.ts";
import {
  type LineExtractor,
  type LinesAtHand,
  type LogSlice,
  wantsLine,
} from "../../query/source.ts";
import { variableColumns } from "../logs_columns.ts";
import type { sliceColumns } from "./group_rows.ts";
import { fewCursorOf, type LogGroup } from "./log_group.ts";
import { lineEndsUpTo, rebuildBodies, variablesIn } from "./rebuild.ts";
import { bytesOfShape } from "./value_shapes.ts";

/**
 * Records of some rows, ascending, with what was taken out of their lines. Lines are made only where they have to be looked at; the others count as
 * long as they are, for who asks bodyLength(). `group` has its templates and columnsOfRows().
 */
export function extractSlice(
  group: LogGroup,
  columns: ReturnType<typeof sliceColumns>,
  rows: Uint32Array,
  extract: LineExtractor,
): LogSlice {
  const { values: templates, numbers } = group.templates;
  const lines: LinesAtHand = {
    ...columns,
    rows,
    templates,
    templateOf: numbers,
    bytesOf: (template) => group.shapes(template).map((shape) => shape && bytesOfShape(shape)),
    cursorOf: (variable) => fewCursorOf(group, variableColumns[variable] ?? ""),
  };
  const { cases, values } = extract(lines);
  const bare = { ...columns, bodies: noBytes, bodyEnds: noEnds };
  const wanted = rows.filter((_, i) => cases[i] === wantsLine);
  const withLines =
    wanted.length === 0
      ? undefined
      : {
          ...compactSlice({ batch: bare, rows: wanted }, true).batch,
          ...rebuildBodies(group, wanted),
        };
  const bodyEnds = lineEndsUpTo(group, variablesIn(group, rows));
  const { batch } = compactSlice({ batch: { ...bare, bodyEnds }, rows }, true);
  return { batch, rows: allRows(rows.length), extracted: { cases, values, withLines } };
}

const noBytes = new Uint8Array();
const noEnds = new Uint32Array();
