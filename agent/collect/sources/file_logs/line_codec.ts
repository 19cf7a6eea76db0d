import iconv from "iconv-lite";
import { isUtf8 } from "./config.ts";

/** How the bytes of a file become lines of UTF-8. Offsets handed in keep to whole units of the encoding. */
export type LineCodec = {
  /** Bytes of the smallest unit: 2 for UTF-16, else 1. */
  readonly unit: number;
  /** Where the next line end begins in data[from, end of data), or -1. `from` lies on a unit. */
  newline(data: Buffer, from: number): number;
  /** Bytes of a byte order mark at `from`, 0 where there is none. */
  byteOrderMark(data: Buffer, from: number): number;
  /** data[start, end) as UTF-8; undefined says that the bytes can be taken as they are. */
  toUtf8: ((data: Buffer, start: number, end: number) => Buffer) | undefined;
};

/** `encoding` was checked by the configuration's schema. */
export function lineCodec(encoding: string): LineCodec {
  if (isUtf8(encoding)) return { ...singleByteUnits, byteOrderMark: utf8Mark, toUtf8: undefined };
  const toUtf8 = (data: Buffer, start: number, end: number) =>
    Buffer.from(iconv.decode(data.subarray(start, end), encoding, { stripBOM: true }), "utf8");
  const name = encoding.toLowerCase().replaceAll(/[^a-z0-9]/g, "");
  if (name === "utf16le" || name === "ucs2" || name === "utf16") return { ...utf16(0), toUtf8 };
  if (name === "utf16be") return { ...utf16(1), toUtf8 };
  // In every other encoding that iconv-lite knows and logs are written in, byte 0x0A is a line end and nothing else:
  // the second bytes of Shift_JIS, GBK, Big5 and EUC begin at 0x30.
  return { ...singleByteUnits, byteOrderMark: () => 0, toUtf8 };
}

const singleByteUnits = {
  unit: 1,
  newline: (data: Buffer, from: number) => data.indexOf(10, from),
};

function utf8Mark(data: Buffer, from: number): number {
  return data[from] === 0xef && data[from + 1] === 0xbb && data[from + 2] === 0xbf ? 3 : 0;
}

/** `low` is the place of the low byte within a unit: 0 in little-endian text. */
function utf16(low: 0 | 1): Omit<LineCodec, "toUtf8"> {
  return {
    unit: 2,
    newline(data, from) {
      let at = data.indexOf(10, from);
      while (at >= 0) {
        const first = at - low;
        // 0x0A is half of many other characters, so the other half and the alignment decide.
        if ((first - from) % 2 === 0 && first >= from && data[first + 1 - low] === 0) return first;
        at = data.indexOf(10, at + 1);
      }
      return -1;
    },
    byteOrderMark: (data, from) =>
      data[from + low] === 0xff && data[from + 1 - low] === 0xfe ? 2 : 0,
  };
}
