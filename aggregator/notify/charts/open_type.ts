import { inflateSync } from "node:zlib";

const [signature, headBytes, entryBytes] = [0x774f4646, 44, 20];
const [openTypeHeadBytes, openTypeEntryBytes] = [12, 16];

/**
 * A font of WOFF 1.0 (W3C, sections 3 to 5) as OpenType: the same tables, not compressed. Throws RangeError for what is none.
 */
export function openTypeOf(woff: Uint8Array): Uint8Array {
  const view = new DataView(woff.buffer, woff.byteOffset, woff.byteLength);
  if (woff.length < headBytes || view.getUint32(0) !== signature)
    throw new RangeError("not a font of WOFF 1.0");
  const [flavor, count] = [view.getUint32(4), view.getUint16(12)];
  const tables = Array.from({ length: count }, (_, i) => {
    const at = headBytes + i * entryBytes;
    const [offset, stored, length] = [4, 8, 12].map((more) => view.getUint32(at + more));
    const bytes = woff.subarray(offset, (offset ?? 0) + (stored ?? 0));
    return {
      tag: view.getUint32(at),
      checksum: view.getUint32(at + 16),
      bytes: bytes.length === length ? bytes : inflateSync(bytes),
    };
  });
  let at = openTypeHeadBytes + count * openTypeEntryBytes;
  const places = tables.map(({ bytes }) => {
    const place = at;
    // Tables begin at multiples of four.
    at += Math.ceil(bytes.length / 4) * 4;
    return place;
  });
  const font = new Uint8Array(at);
  const out = new DataView(font.buffer);
  const power = Math.floor(Math.log2(Math.max(1, count)));
  out.setUint32(0, flavor);
  [count, 16 * 2 ** power, power, 16 * (count - 2 ** power)].forEach((value, i) =>
    out.setUint16(4 + 2 * i, value),
  );
  for (const [i, { tag, checksum, bytes }] of tables.entries()) {
    const entry = openTypeHeadBytes + i * openTypeEntryBytes;
    [tag, checksum, places[i] ?? 0, bytes.length].forEach((value, j) =>
      out.setUint32(entry + 4 * j, value),
    );
    font.set(bytes, places[i]);
  }
  return font;
}
