/** Where the aggregator says that a query is wrong; line and column from 1, the column in characters or, of PromQL, bytes. */
export type ErrorPosition = { readonly line: number; readonly column: number };

/** "1:5: parse error: …" of PromQL, "parse error at line 1, col 5: …" of LogQL; undefined where it names none. */
export function errorPosition(message: string): ErrorPosition | undefined {
  const match =
    /(?:^|[\s:])(\d{1,6}):(\d{1,6}): parse error/.exec(message) ??
    /at line (\d{1,6}), col(?:umn)? (\d{1,6})/.exec(message);
  if (match === null) return undefined;
  return { line: Number(match[1]), column: Number(match[2]) };
}

/** The stretch of the text to mark: the word at the position, or the last character where the text ends too early. */
export function errorStretch(
  text: string,
  { line, column }: ErrorPosition,
): { readonly from: number; readonly to: number } {
  const lines = text.split("\n");
  const start = lines.slice(0, line - 1).reduce((sum, each) => sum + each.length + 1, 0);
  const from = Math.min(start + column - 1, text.length);
  const word = /^(?:\w+|"(?:[^"\\]|\\.)*"|.)/.exec(text.slice(from))?.[0] ?? "";
  if (word !== "") return { from, to: from + word.length };
  return { from: Math.max(0, text.trimEnd().length - 1), to: text.trimEnd().length };
}
