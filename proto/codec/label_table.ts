import type { Labels } from "#shared/model/labels.ts";
import { type ByteReader, corrupt } from "./byte_reader.ts";
import type { ByteWriter } from "./byte_writer.ts";

/** Units of the label sets of one body, a text counted each time it is named. */
const bodyLabelUnitsMax = 2 * 1024 * 1024;

/** Bytes that a label set takes at most, its strings included. */
export function labelsBytesMax(labels: Labels): number {
  let bytes = 16;
  // A UTF-16 unit is at most three bytes of UTF-8; two lengths and two references of at most eight bytes.
  for (const [name, value] of Object.entries(labels))
    bytes += 3 * (name.length + value.length) + 32;
  return bytes;
}

/** Label sets with a dictionary of their strings in front: see docs/formats/frame.md. */
export function writeLabelTable(writer: ByteWriter, table: readonly Labels[]): void {
  const references = new Map<string, number>();
  for (const labels of table) {
    for (const [name, value] of Object.entries(labels)) {
      if (!references.has(name)) references.set(name, references.size);
      if (!references.has(value)) references.set(value, references.size);
    }
  }
  writer.ensure(8);
  writer.varint(references.size);
  for (const text of references.keys()) writer.text(text);
  writer.ensure(8);
  writer.varint(table.length);
  for (const labels of table) {
    const entries = Object.entries(labels);
    writer.ensure(8 + 16 * entries.length);
    writer.varint(entries.length);
    for (const [name, value] of entries) {
      writer.varint(references.get(name) ?? 0);
      writer.varint(references.get(value) ?? 0);
    }
  }
}

export function readLabelTable(reader: ByteReader): Labels[] {
  const texts: string[] = [];
  for (let left = reader.count(1); left > 0; left--) texts.push(reader.text());
  const table: Labels[] = [];
  for (let left = reader.count(1); left > 0; left--) {
    const entries: [string, string][] = [];
    for (let pairs = reader.count(2); pairs > 0; pairs--)
      entries.push([readText(reader, texts), readText(reader, texts)]);
    // The writer's bodies stay below: a dictionary must not turn few bytes into much memory.
    if (reader.labelUnits > bodyLabelUnitsMax) throw corrupt("label sets are too large");
    // fromEntries makes "__proto__" an ordinary name.
    table.push(Object.fromEntries(entries));
  }
  return table;
}

function readText(reader: ByteReader, texts: readonly string[]): string {
  const index = reader.varint();
  const text = texts[index];
  if (text === undefined) throw corrupt(`string ${index} of ${texts.length}`);
  reader.labelUnits += text.length;
  return text;
}
