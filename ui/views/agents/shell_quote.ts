/** A word of a command line of a POSIX shell, in quotes where it holds more than letters, digits and harmless signs. */
export function quoteShell(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
