const simpleEscapes: Readonly<Record<string, number>> = {
  a: 7,
  b: 8,
  f: 12,
  n: 10,
  r: 13,
  t: 9,
  v: 11,
  "\\": 92,
  "'": 39,
  '"': 34,
};
const escape =
  /\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-7]{3})|(.))|[^\\]+/gsy;

/**
 * The text of a quoted string with Go's escapes, or undefined where one is wrong. Bytes that are no UTF-8 become U+FFFD,
 * so a name that holds one is refused as Prometheus refuses the bytes.
 */
export function unquote(quoted: string): string | undefined {
  const inner = quoted.slice(1, -1);
  if (quoted.startsWith("`")) return inner;
  if (!inner.includes("\\")) return inner;
  const parts: Buffer[] = [];
  let at = 0;
  for (const part of inner.matchAll(escape)) {
    const bytes = unescape(part, quoted[0] ?? "");
    if (bytes === undefined || part.index !== at) return undefined;
    at += part[0].length;
    parts.push(bytes);
  }
  return at === inner.length ? Buffer.concat(parts).toString("utf8") : undefined;
}

function unescape(part: RegExpExecArray, delimiter: string): Buffer | undefined {
  const [whole, hex, short, long, octal, simple] = part;
  if (hex !== undefined) return Buffer.from([Number.parseInt(hex, 16)]);
  if (octal !== undefined) {
    const value = Number.parseInt(octal, 8);
    return value < 256 ? Buffer.from([value]) : undefined;
  }
  const codePoint = short ?? long;
  if (codePoint !== undefined) {
    const value = Number.parseInt(codePoint, 16);
    return value <= 0x10_ffff ? Buffer.from(String.fromCodePoint(value)) : undefined;
  }
  if (simple === undefined) return Buffer.from(whole);
  if ((simple === "'" || simple === '"') && simple !== delimiter) return undefined;
  const code = simpleEscapes[simple];
  return code === undefined ? undefined : Buffer.from([code]);
}
