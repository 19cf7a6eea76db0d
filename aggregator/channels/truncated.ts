const mark = "…";

/** At most so many characters (Unicode code points, Go's runes), with "…" at the end of what is cut. */
export function inRunes(text: string, runesMax: number): string {
  // A text has no more runes than UTF-16 units.
  if (text.length <= runesMax) return text;
  const runes = Array.from(text);
  if (runes.length <= runesMax) return text;
  return runesMax <= 3
    ? runes.slice(0, runesMax).join("")
    : runes.slice(0, runesMax - 1).join("") + mark;
}

/** At most so many bytes of UTF-8, with "…" at the end of what is cut, and no character in parts. */
export function inBytes(text: string, bytesMax: number): string {
  if (Buffer.byteLength(text) <= bytesMax) return text;
  return bytesMax < 3 ? ".".repeat(bytesMax) : cutToBytes(text, bytesMax - 3) + mark;
}

/** At most so many bytes of UTF-8, without a mark. */
export function cutToBytes(text: string, bytesMax: number): string {
  const bytes = Buffer.from(text);
  let end = Math.min(bytesMax, bytes.length);
  // A byte 10xxxxxx continues a character.
  while (end > 0 && end < bytes.length && ((bytes[end] ?? 0) & 0xc0) === 0x80) end--;
  return bytes.subarray(0, end).toString("utf8");
}
