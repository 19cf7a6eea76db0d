import { ExpositionError } from "#shared/text/exposition/exposition_error.ts";
import type { ProtobufCursor } from "#shared/text/exposition/protobuf_cursor.ts";

/** Steps over a field that is not ours; numbers begin at 1. */
export function skipField(cursor: ProtobufCursor, tag: number, end: number): void {
  if (tag < 8) throw new ExpositionError("field number 0", cursor.at);
  cursor.skip(tag, end);
}
