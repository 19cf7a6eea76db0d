import { closeSync, openSync, readSync } from "node:fs";

/** A part of a file, in bytes. */
export type FilePart = { readonly offset: number; readonly bytes: number };

const headerBytes = 64;
/** Far more than any program has. */
const sectionsMax = 1_024;
const namesBytesMax = 65_536;

/** Where a section lies in an ELF file of 64 bits, little-endian (elf(5)); undefined where it has none of that name, or is no such file. */
export function elfSection(path: string, name: string): FilePart | undefined {
  const file = openSync(path, "r");
  try {
    const header = readPart(file, { offset: 0, bytes: headerBytes });
    // Magic number, class 2 and data encoding 1.
    if (header?.getUint32(0) !== 0x7f454c46 || header.getUint16(4) !== 0x0201) return undefined;
    const entryBytes = header.getUint16(58, true);
    const count = header.getUint16(60, true);
    if (entryBytes < headerBytes || count > sectionsMax) return undefined;
    const table = { offset: Number(header.getBigUint64(40, true)), bytes: count * entryBytes };
    const sections = readPart(file, table);
    if (sections === undefined) return undefined;
    const partOf = (index: number): FilePart => ({
      offset: Number(sections.getBigUint64(index * entryBytes + 24, true)),
      bytes: Number(sections.getBigUint64(index * entryBytes + 32, true)),
    });
    const namesIndex = header.getUint16(62, true);
    if (namesIndex >= count || partOf(namesIndex).bytes > namesBytesMax) return undefined;
    const names = readPart(file, partOf(namesIndex));
    if (names === undefined) return undefined;
    for (let i = 0; i < count; i++)
      if (textAt(names, sections.getUint32(i * entryBytes, true)) === name) return partOf(i);
    return undefined;
  } finally {
    closeSync(file);
  }
}

function readPart(file: number, { offset, bytes }: FilePart): DataView | undefined {
  const data = new Uint8Array(bytes);
  return readSync(file, data, 0, bytes, offset) === bytes ? new DataView(data.buffer) : undefined;
}

/** Up to the zero that ends it. */
function textAt(names: DataView, start: number): string {
  let end = start;
  while (end < names.byteLength && names.getUint8(end) !== 0) end++;
  return Buffer.from(names.buffer, start, Math.max(0, end - start)).toString("latin1");
}
