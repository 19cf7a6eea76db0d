import type { LineColumns, NumberedTexts, Texts } from "#shared/model/line_columns.ts";
import { unmined, variablesOf } from "#shared/model/line_template.ts";
import { variableColumns } from "./texts/column_names.ts";
import { cursorOf, type LogGroup } from "./log_group.ts";
import type { TextColumn } from "./texts/text_values.ts";

/**
 * All lines of a row group as they stand, none made. `group` has its templates and bodyColumns(). Undefined where a variable of a template is
 * NULL, as no file of ours has it: such lines must be made.
 */
export function columnsOf(group: LogGroup): LineColumns | undefined {
  const { values: templates, numbers } = group.templates;
  const templateOf = templates.length === 0 ? new Uint32Array(group.rows).fill(unmined) : numbers;
  const widths = templates.map(variablesOf);
  const counts = new Uint32Array(group.variables);
  for (let row = 0; row < templateOf.length; row++) {
    const width = widths[templateOf[row] ?? unmined] ?? 0;
    if (width > 0) counts[width - 1] = (counts[width - 1] ?? 0) + 1;
  }
  for (let place = counts.length - 2; place >= 0; place--)
    counts[place] = (counts[place] ?? 0) + (counts[place + 1] ?? 0);
  const columns: TextColumn[] = [];
  const numbered: (Texts | NumberedTexts)[] = [];
  for (const [place, count] of counts.entries()) {
    const column = group.texts(variableColumns[place] ?? "");
    if (column?.count !== count) return undefined;
    columns.push(column);
    numbered.push(column.numbered ?? textsOf(column));
  }
  let places: Texts[] | undefined;
  return {
    templates,
    templateOf,
    numbered,
    whole: wholeLines(group, templateOf),
    get places() {
      return (places ??= columns.map(textsOf));
    },
  };
}

/** Of rows without a template: the exact bytes where there are any. */
function wholeLines(group: LogGroup, templateOf: Uint32Array): Texts {
  const [body, raw] = [cursorOf(group, "body"), cursorOf(group, "body_raw")];
  const lines: Uint8Array[] = [];
  for (let row = 0; row < templateOf.length; row++) {
    if (templateOf[row] !== unmined) continue;
    const line = raw?.seek(row) === true ? raw : body?.seek(row) === true ? body : undefined;
    lines.push(line === undefined ? nothing : line.bytes.subarray(line.start, line.end));
  }
  return {
    bytes: new Uint8Array(Buffer.concat(lines)),
    lengths: Uint32Array.from(lines, ({ length }) => length),
  };
}

function textsOf({ bytes, ends }: TextColumn): Texts {
  const lengths = new Uint32Array(ends.length);
  let start = 0;
  for (let i = 0; i < lengths.length; i++) {
    const end = ends[i] ?? start;
    lengths[i] = end - start;
    start = end;
  }
  return { bytes, lengths };
}

const nothing = new Uint8Array();
