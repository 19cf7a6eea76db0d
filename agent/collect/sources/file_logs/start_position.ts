import { bytesAt } from "./generations.ts";
import type { LineCodec } from "./line_codec.ts";

/** Never more than this is looked through for the last lines. */
const lookedBackMax = 256 * 1_024;

/** The byte where the last `lines` whole lines of a file begin, or the first line end that is near enough to be found. */
export function lastLinesOffset(
  path: string,
  size: number,
  lines: number,
  codec: LineCodec,
): number {
  const from = Math.max(0, size - lookedBackMax);
  const aligned = from - (from % codec.unit);
  const data = bytesAt(path, aligned, size - aligned);
  if (data === undefined) return size;
  const begins: number[] = aligned === 0 ? [0] : [];
  for (let end = codec.newline(data, 0); end >= 0; end = codec.newline(data, end + codec.unit))
    begins.push(end + codec.unit);
  // The last one begins what has no line end yet; it is read once it has.
  const chosen = begins[Math.max(0, begins.length - 1 - lines)];
  return chosen === undefined ? size : aligned + chosen;
}
