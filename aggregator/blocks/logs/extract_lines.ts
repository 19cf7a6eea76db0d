import { compactSlice } from "../../read/log_slices.ts";
import {
  type LineExtractor,
  type LinesAtHand,
  type LogSlice,
  wantsLine,
} from "../../read/source.ts";
import { variableColumns } from "./texts/column_names.ts";
import type { sliceColumns } from "./group_rows.ts";
import { fewCursorOf, type LoadColumns, type LogGroup } from "./log_group.ts";
import { columnsOfRows, lineEndsUpTo, rebuildInTurns, variablesIn } from "./rebuild.ts";
import { bytesOfShape } from "./texts/value_shapes.ts";

/**
 * Records of some rows, ascending, with what was taken out of their lines. Lines are made only where they have to be looked at; the others count as
 * long as they are for who asks bodyLength(), if `withLengths`. `group` has its templates and columnsOfRows() without their digits; what else is wanted
 * is loaded.
 */
export async function extractSlice(
  group: LogGroup,
  columns: ReturnType<typeof sliceColumns>,
  rows: Uint32Array,
  { extract, load, withLengths }: Extraction,
): Promise<LogSlice> {
  const { values: templates, numbers } = group.templates;
  const lines: LinesAtHand = {
    ...columns,
    rows,
    templates,
    templateOf: numbers,
    bytesOf: (template) => group.shapes(template).map((shape) => shape && bytesOfShape(shape)),
    cursorOf: (variable) => fewCursorOf(group, variableColumns[variable] ?? ""),
  };
  const { variables, take } = extract(lines);
  await load([...variables].map((variable) => variableColumns[variable] ?? ""));
  const { cases, values } = await take();
  const bare = { ...columns, bodies: noBytes, bodyEnds: noEnds };
  const wanted = rows.filter((_, i) => cases[i] === wantsLine);
  if (wanted.length > 0) await load(columnsOfRows(group, wanted));
  const withLines =
    wanted.length === 0
      ? undefined
      : {
          ...compactSlice({ batch: bare, rows: wanted }, true).batch,
          ...(await rebuildInTurns(group, wanted)),
        };
  const bodyEnds = withLengths ? lineEndsUpTo(group, variablesIn(group, rows)) : noEnds;
  // Of many rows the columns are shared, not copied.
  const slice = compactSlice({ batch: { ...bare, bodyEnds }, rows });
  return { ...slice, extracted: { cases, values, withLines } };
}

type Extraction = {
  readonly extract: LineExtractor;
  readonly load: LoadColumns;
  readonly withLengths: boolean;
};

const noBytes = new Uint8Array();
const noEnds = new Uint32Array();
