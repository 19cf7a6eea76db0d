/** The column of the digits that were taken out of a column of variables, in files of versions 1 and 2. */
export function digitsColumn(variable: string): string {
  return `d${variable.slice(1)}`;
}
