import { OperatingError } from "#shared/errors.ts";

/** What a file says of its form; docs/formats/parquet.md has what the numbers mean. */
export const versionKey = "lapwing";

/** 2: digits of log lines are packed, and stand in the first row of their part. 3: variables of log lines are texts. */
export type FormatVersion = 1 | 2 | 3;

const newest = 3;

/** A file is of a form that came after this program: what it holds would be misread. */
export class UnknownFormat extends OperatingError {
  constructor(version: string) {
    super(
      "unavailable",
      `a block of format ${version}, of which this version of Lapwing reads 1 to ${newest}: a newer one wrote it`,
    );
  }
}

/** Throws UnknownFormat. Files that say nothing are not ours, or no blocks. */
export function checkVersion(pairs: ReadonlyMap<string, string>): void {
  const version = pairs.get(versionKey);
  if (version === undefined) return;
  const number = Number(version);
  if (!(Number.isInteger(number) && number >= 1 && number <= newest))
    throw new UnknownFormat(version);
}
