import type { Labels } from "#shared/model/labels.ts";
import type { LineColumns } from "../gen/v1/columns_pb.js";
import type { LabelReader } from "./label_reader.ts";
import { int64s } from "./numbers.ts";

/** A log line with its labels by where they come from. Lines share the objects of equal label sets. */
export type ReadLine = {
  readonly timestampNs: bigint;
  readonly text: string;
  readonly stream: Labels;
  readonly metadata: Labels;
  readonly parsed: Labels;
};

/** The lines of one part in their order. Throws OperatingError("corrupt"). */
export function readLines(columns: LineColumns, labels: LabelReader): ReadLine[] {
  const { lines, streams, metadata, parsed } = columns;
  labels.addSets(columns.labelSets);
  const times = int64s(columns.times, lines.length);
  return lines.map((text, i) => ({
    timestampNs: times[i] ?? 0n,
    text,
    stream: labels.set(streams[i]),
    metadata: labels.set(metadata[i]),
    parsed: labels.set(parsed[i]),
  }));
}
