/** Below these, columns and lines that are no longer seen cost too little to tidy. */
const schemaUnusedMin = 16;
const unusedMax = 1_024;
/** A sample of a family of its own brings up to three comments; the rest is room for change. */
const linesPerSample = 6;
const failedMax = 65_536;

/** Metadata that a target with so many columns is believed; the rest belongs to no series. */
export function familiesMaxOf(columns: number): number {
  return 2 * columns + unusedMax;
}

/** Whether bodies that fail left more columns or entries than the last good body of so many `lines` explains. */
export function holdsTooMuch(size: number, lines: number): boolean {
  return size > linesPerSample * lines + failedMax;
}

type Held = {
  readonly columns: number;
  /** Columns that the last body had. */
  readonly seen: number;
  readonly families: number;
  /** Of the index. */
  readonly entries: number;
};

/** Whether enough of what a target holds is no longer seen for it to start over. */
export function holdsUnused({ columns, seen, families, entries }: Held, lines: number): boolean {
  return (
    (columns > 2 * seen && columns - seen > schemaUnusedMin) ||
    entries > linesPerSample * lines + unusedMax ||
    families > familiesMaxOf(columns)
  );
}
