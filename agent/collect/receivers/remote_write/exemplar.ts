import type { PushedSeries } from "../samples/pushed_series.ts";
import type { ProtobufCursor } from "#shared/text/exposition/protobuf_cursor.ts";
import { skipField } from "./skip_field.ts";
import type { DecodedWrite } from "./decoded_write.ts";
import { InvalidLabelsError } from "./wire.ts";

type LabelPair = readonly [name: string, value: string];

/** Tags of prometheus.Exemplar and io.prometheus.write.v2.Exemplar, which differ in how labels are told. */
const tags = { labels: 10, labelsRef: 8, value: 17, timestamp: 24 } as const;

/** Reads labels: a whole one of 1.0, or references of 2.0. Throws InvalidLabelsError for those that cannot be read. */
type ReadLabels = {
  /** The cursor stands behind the tag of a delimited field. */
  delimited(end: number): void;
  /** A reference that stands alone. */
  reference(end: number): void;
  pairs(): readonly LabelPair[];
};

/** Reads the exemplar that ends at `end`, and hands it on. One that is none is counted, and harms nobody. */
export function readExemplar(
  cursor: ProtobufCursor,
  end: number,
  column: number,
  labels: ReadLabels,
  out: DecodedWrite,
  series: PushedSeries,
): void {
  let [value, timestampMs] = [0, 0];
  try {
    while (cursor.at < end) {
      const tag = cursor.varint(end);
      if (tag === tags.labels) labels.delimited(end);
      else if (tag === tags.labelsRef) labels.reference(end);
      else if (tag === tags.value) value = cursor.double(end);
      else if (tag === tags.timestamp) timestampMs = cursor.int64(end);
      else skipField(cursor, tag, end);
    }
    const pairs = labels.pairs().filter(([, text]) => text !== "");
    const exemplar = { labels: Object.fromEntries(pairs), value, timestampMs };
    const isDouble = new Set(pairs.map(([name]) => name)).size < pairs.length;
    if (isDouble) out.beside.drop("invalid_exemplar");
    else if (out.beside.addExemplar(column, series.labelsOf(column) ?? {}, exemplar))
      out.exemplarsWritten++;
  } catch (thrown) {
    if (!(thrown instanceof InvalidLabelsError)) throw thrown;
    out.beside.drop("invalid_exemplar");
    cursor.at = end;
  }
}
