const [quote, backslash] = [0x22, 0x5c];
const [letterB, letterF, letterN, letterR, letterT, letterU, slash] = [
  0x62, 0x66, 0x6e, 0x72, 0x74, 0x75, 0x2f,
];
const none = -1;

/** Where the JSON string that begins behind a quote at `start` - 1 ends, the place of its other quote; -1 where it does not, or holds what no string may. */
export function jsonTextEnd(bytes: Uint8Array, start: number, end: number): number {
  for (let at = start; at < end; at++) {
    const byte = bytes[at] ?? 0;
    if (byte === quote) return at;
    if (byte === backslash) at++;
    else if (byte < 0x20) return none;
  }
  return none;
}

/** Texts of JSON strings without their escapes, in one buffer that is used again. */
export class JsonTextDecoder {
  /** The last text is bytes[start, end): of the JSON itself where it has no escapes, and else of the decoder, up to the next one. */
  bytes: Buffer = Buffer.alloc(0);
  start = 0;
  end = 0;
  #own = Buffer.allocUnsafeSlow(4_096);

  /** Decodes bytes[start, end), which stood between quotes and are UTF-8; false where an escape is none. `first` is where the first one stands, or -1. */
  decode(
    bytes: Buffer,
    start: number,
    end: number,
    first: number = escapeIn(bytes, start, end),
  ): boolean {
    this.bytes = bytes;
    this.start = start;
    this.end = end;
    if (first === none) return true;
    if (end - start > this.#own.length) this.#own = Buffer.allocUnsafeSlow(2 * (end - start));
    bytes.copy(this.#own, 0, start, first);
    this.bytes = this.#own;
    this.start = 0;
    this.end = this.#unescape(bytes, first, end, first - start);
    return this.end !== none;
  }

  /** Never longer than the JSON: `\u0800` is three bytes. Gives where the text ends, or -1. */
  #unescape(bytes: Buffer, start: number, end: number, into: number): number {
    const own = this.#own;
    let to = into;
    for (let at = start; at < end; at++) {
      const byte = bytes[at] ?? 0;
      if (byte !== backslash) {
        own[to++] = byte;
        continue;
      }
      const letter = bytes[++at] ?? 0;
      if (letter === letterU) {
        let code = hexAt(bytes, at + 1, end);
        if (code === none) return none;
        at += 4;
        if (code >= 0xd800 && code < 0xdc00) {
          const low =
            bytes[at + 1] === backslash && bytes[at + 2] === letterU
              ? hexAt(bytes, at + 3, end)
              : none;
          if (low >= 0xdc00 && low < 0xe000) {
            code = 0x10000 + (code - 0xd800) * 1_024 + low - 0xdc00;
            at += 6;
          }
        }
        to = writeCode(own, to, code);
        continue;
      }
      const plain = plainOf(letter);
      if (plain === none) return none;
      own[to++] = plain;
    }
    return to;
  }
}

function escapeIn(bytes: Uint8Array, start: number, end: number): number {
  for (let at = start; at < end; at++) if (bytes[at] === backslash) return at;
  return none;
}

/** What a backslash and a letter stand for. */
function plainOf(letter: number): number {
  switch (letter) {
    case letterN:
      return 0x0a;
    case quote:
    case backslash:
    case slash:
      return letter;
    case letterT:
      return 0x09;
    case letterR:
      return 0x0d;
    case letterB:
      return 0x08;
    case letterF:
      return 0x0c;
    default:
      return none;
  }
}

function hexAt(bytes: Uint8Array, start: number, end: number): number {
  if (start + 4 > end) return none;
  let code = 0;
  for (let at = start; at < start + 4; at++) {
    const byte = bytes[at] ?? 0;
    const letter = byte | 0x20;
    if (byte >= 0x30 && byte <= 0x39) code = 16 * code + byte - 0x30;
    else if (letter >= 0x61 && letter <= 0x66) code = 16 * code + letter - 0x57;
    else return none;
  }
  return code;
}

/** UTF-8; half of a pair is U+FFFD, as elsewhere where text becomes bytes. */
function writeCode(into: Uint8Array, to: number, code: number): number {
  if (code < 0x80) {
    into[to] = code;
    return to + 1;
  }
  if (code < 0x800) {
    into[to] = 0xc0 | (code >> 6);
    into[to + 1] = 0x80 | (code & 63);
    return to + 2;
  }
  if (code < 0x10000) {
    const own = code >= 0xd800 && code < 0xe000 ? 0xfffd : code;
    into[to] = 0xe0 | (own >> 12);
    into[to + 1] = 0x80 | ((own >> 6) & 63);
    into[to + 2] = 0x80 | (own & 63);
    return to + 3;
  }
  into[to] = 0xf0 | (code >> 18);
  into[to + 1] = 0x80 | ((code >> 12) & 63);
  into[to + 2] = 0x80 | ((code >> 6) & 63);
  into[to + 3] = 0x80 | (code & 63);
  return to + 4;
}
