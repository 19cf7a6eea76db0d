import type { ProtobufCursor } from "./protobuf_cursor.ts";
import type { ExposedLabels } from "./series_index.ts";
import { decodeUtf8 } from "./series_text.ts";

const [nameTag, valueTag] = [10, 18];

/** Reads a LabelPair up to `end` into `labels`. Throws ExpositionError, also for a name that is there already. */
export function readLabel(cursor: ProtobufCursor, end: number, labels: ExposedLabels): void {
  let [name, value] = ["", ""];
  while (cursor.at < end) {
    const tag = cursor.varint(end);
    const isText = tag === nameTag || tag === valueTag;
    const textEnd = isText ? cursor.lengthEnd(end) : 0;
    if (!isText) cursor.skip(tag, end);
    else {
      const text = decodeUtf8(cursor.bytes, cursor.at, textEnd);
      cursor.at = textEnd;
      if (tag === nameTag) name = text;
      else value = text;
    }
  }
  if (name === "") cursor.fail("label without a name");
  if (labels.has(name)) cursor.fail(`label name "${name}" is not unique`);
  labels.set(name, value);
}
