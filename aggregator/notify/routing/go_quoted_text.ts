const named: Readonly<Record<string, string>> = {
  "\u0007": "\\a",
  "\b": "\\b",
  "\f": "\\f",
  "\n": "\\n",
  "\r": "\\r",
  "\t": "\\t",
  "\v": "\\v",
  "\\": "\\\\",
  '"': '\\"',
};
/** What Go does not print as it is: spaces other than U+0020, controls, marks of format, private and unassigned characters. */
const special = /["\\]|(?! )[\p{Z}\p{C}]/gu;

/** A text in double quotes as Go's strconv.Quote() writes it. */
export function goQuoted(text: string): string {
  return `"${text.replace(special, (character) => named[character] ?? escaped(character))}"`;
}

function escaped(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  if (code < 0x80) return `\\x${code.toString(16).padStart(2, "0")}`;
  return code < 0x1_0000
    ? `\\u${code.toString(16).padStart(4, "0")}`
    : `\\U${code.toString(16).padStart(8, "0")}`;
}
