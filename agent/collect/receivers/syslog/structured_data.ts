const [space, quote, backslash, equals, open, close, dash] = [
  0x20, 0x22, 0x5c, 0x3d, 0x5b, 0x5d, 0x2d,
];

export type StructuredData = {
  readonly parameters: readonly (readonly [id: string, name: string, value: string])[];
  /** Where the message begins, behind the space that follows. */
  readonly end: number;
};

/**
 * STRUCTURED-DATA of RFC 5424, 6.3: `-` or elements `[id name="value" ...]`, in which a backslash stands before `"`, `\` and `]`
 * of values. Undefined for anything else.
 */
export function readStructuredData(line: Buffer, start: number): StructuredData | undefined {
  if (line[start] === dash) return ended(line, start + 1, []);
  const parameters: [string, string, string][] = [];
  let at = start;
  while (line[at] === open) {
    const idEnd = nameEnd(line, at + 1);
    const id = line.toString("utf8", at + 1, idEnd);
    if (id === "") return undefined;
    at = idEnd;
    while (line[at] === space) {
      const end = nameEnd(line, at + 1);
      const name = line.toString("utf8", at + 1, end);
      if (name === "" || line[end] !== equals || line[end + 1] !== quote) return undefined;
      const closing = valueEnd(line, end + 2);
      if (closing < 0) return undefined;
      parameters.push([id, name, unescaped(line.toString("utf8", end + 2, closing))]);
      at = closing + 1;
    }
    if (line[at] !== close) return undefined;
    at++;
  }
  return at === start ? undefined : ended(line, at, parameters);
}

/** Behind the data comes a space, or nothing. */
function ended(
  line: Buffer,
  at: number,
  parameters: StructuredData["parameters"],
): StructuredData | undefined {
  if (at === line.length) return { parameters, end: at };
  return line[at] === space ? { parameters, end: at + 1 } : undefined;
}

function nameEnd(line: Buffer, start: number): number {
  let at = start;
  for (; at < line.length; at++) {
    const byte = line[at] ?? 0;
    if (byte <= space || byte === equals || byte === close || byte === quote) break;
  }
  return at;
}

function valueEnd(line: Buffer, start: number): number {
  for (let at = start; at < line.length; at++) {
    if (line[at] === backslash) at++;
    else if (line[at] === quote) return at;
  }
  return -1;
}

function unescaped(value: string): string {
  return value.includes("\\") ? value.replaceAll(/\\(["\\\]])/g, "$1") : value;
}
