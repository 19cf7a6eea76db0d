import type { MetricFamily, MetricType } from "#shared/model/metrics.ts";
import { type ByteReader, corrupt } from "./byte_reader.ts";
import type { ByteWriter } from "./byte_writer.ts";

/** By number on the wire: append only. */
const types: readonly MetricType[] = [
  "unknown",
  "counter",
  "gauge",
  "histogram",
  "gaugehistogram",
  "summary",
  "info",
  "stateset",
];

/** Bytes that a family takes at most. */
export function familyBytesMax(family: MetricFamily | undefined): number {
  if (family === undefined) return 0;
  return 32 + 3 * (family.name.length + family.help.length + family.unit.length);
}

export function writeFamilies(writer: ByteWriter, families: readonly MetricFamily[]): void {
  writer.ensure(8);
  writer.varint(families.length);
  for (const { name, type, help, unit } of families) {
    writer.ensure(1);
    writer.byte(types.indexOf(type));
    for (const text of [name, help, unit]) writer.text(text);
  }
}

export function readFamilies(reader: ByteReader): MetricFamily[] {
  const families: MetricFamily[] = [];
  for (let left = reader.count(4); left > 0; left--) {
    const type = types[reader.byte()];
    if (type === undefined) throw corrupt("metric type is unknown");
    families.push({ type, name: reader.text(), help: reader.text(), unit: reader.text() });
  }
  return families;
}
