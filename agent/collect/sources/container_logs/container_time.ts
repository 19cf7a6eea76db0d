import { type Instant, timeReader } from "../../../pipeline/processors/formats/time_format.ts";

const read = timeReader("rfc3339", "UTC");
/** "2006-01-02T15:04:05", and the longest that is read by hand: nine digits and a Z behind it. */
const secondChars = 19;
const charsMax = 30;
const [zero, dot, zulu] = [0x30, 0x2e, 0x5a];

/** The last second that was read, as bytes, and its Unix ms: lines of a container come many a second. */
const lastSecond = Buffer.alloc(secondChars);
let lastMs: number | undefined;

/** The time in bytes[start, end), RFC 3339 as Go writes it; undefined where there is none. */
export function readContainerTime(bytes: Buffer, start: number, end: number): Instant | undefined {
  const length = end - start;
  const isUsual =
    length > secondChars + 2 &&
    length <= charsMax &&
    bytes[end - 1] === zulu &&
    bytes[start + secondChars] === dot;
  if (!isUsual) return read(bytes.toString("latin1", start, end), 0);
  let nanos = 0;
  for (let i = start + secondChars + 1; i < end - 1; i++) {
    const digit = (bytes[i] ?? 0) - zero;
    if (digit < 0 || digit > 9) return read(bytes.toString("latin1", start, end), 0);
    nanos = nanos * 10 + digit;
  }
  for (let digits = length - secondChars - 2; digits < 9; digits++) nanos *= 10;
  const ms = secondMs(bytes, start);
  if (ms === undefined) return undefined;
  const whole = Math.floor(nanos / 1_000_000);
  return { ms: ms + whole, nanos: nanos - whole * 1_000_000 };
}

function secondMs(bytes: Buffer, start: number): number | undefined {
  let same = 0;
  while (same < secondChars && bytes[start + same] === lastSecond[same]) same++;
  if (same === secondChars && lastMs !== undefined) return lastMs;
  lastMs = read(`${bytes.toString("latin1", start, start + secondChars)}Z`, 0)?.ms;
  bytes.copy(lastSecond, 0, start, start + secondChars);
  return lastMs;
}
