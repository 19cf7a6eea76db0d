import { type LineColumns, noTexts, type Texts } from "#shared/model/line_columns.ts";
import { unmined, variablesOf } from "#shared/model/line_template.ts";
import { LogGroup } from "../blocks/logs/log_group.ts";
import { variableColumns } from "../blocks/logs/texts/column_names.ts";
import { areUtf8 } from "../blocks/logs/texts/written_texts.ts";

const whole = variableColumns.length;

/** Lines of a batch as searches of blocks see them: what has no columns in it, or lines that are no UTF-8, is not taken. */
export class BatchGroup {
  readonly group: LogGroup;
  readonly #columns: LineColumns;
  /** By row: variables, or `whole`. */
  readonly #widths: Uint8Array;
  readonly #loaded = new Set<string>();

  static of(columns: LineColumns | undefined): BatchGroup | undefined {
    if (columns === undefined || !areUtf8(columns.whole)) return undefined;
    return new BatchGroup(columns);
  }

  private constructor(columns: LineColumns) {
    const { templates, templateOf } = columns;
    this.#columns = columns;
    this.group = LogGroup.held(templateOf.length, { values: templates, numbers: templateOf });
    const widths = templates.map(variablesOf);
    this.#widths = new Uint8Array(templateOf.length);
    for (let row = 0; row < templateOf.length; row++)
      this.#widths[row] = widths[templateOf[row] ?? unmined] ?? wholeLine;
  }

  /** As LoadColumns. */
  readonly load = async (names: Iterable<string>): Promise<void> => {
    for (const name of names) {
      if (this.#loaded.has(name)) continue;
      this.#loaded.add(name);
      const place = placeOf.get(name);
      const texts =
        place === undefined
          ? noTexts
          : place === whole
            ? this.#columns.whole
            : (this.#columns.places[place] ?? noTexts);
      if (texts.lengths.length > 0) this.#hold(name, place ?? whole, texts);
    }
  };

  #hold(name: string, place: number, { bytes, lengths }: Texts): void {
    const widths = this.#widths;
    const ends = new Uint32Array(lengths.length);
    for (let i = 0, end = 0; i < ends.length; i++) ends[i] = end += lengths[i] ?? 0;
    if (ends.length === widths.length) {
      this.group.holdTexts(name, { bytes, ends, rowOf: undefined });
      return;
    }
    const rowOf = new Uint32Array(ends.length);
    let text = 0;
    for (let row = 0; row < widths.length; row++) {
      const width = widths[row] ?? 0;
      const isIts = place === whole ? width === wholeLine : width > place && width <= whole;
      if (isIts) rowOf[text++] = row;
    }
    this.group.holdTexts(name, { bytes, ends, rowOf });
  }
}

const wholeLine = 255;
const placeOf = new Map([...variableColumns, "body"].map((name, place) => [name, place]));
