import type { Labels } from "#shared/model/labels.ts";
import { severityOf } from "../../sources/file_logs/severity.ts";
import {
  type RecordShape,
  areApart,
  jsonText,
  messageEnd,
  shapeRecord,
} from "../records/json_record.ts";
import type { KeptRecords } from "../records/kept_records.ts";
import { KnownNumbers } from "../records/known_numbers.ts";
import { RecordMemo } from "../records/record_memo.ts";
import { EntryCut } from "./entry_cut.ts";
import { readEntry } from "./forward_message.ts";

/** Where records go: those of a chunk, or of the queue of all. */
export type RecordSink = Pick<KeptRecords, "add" | "addLine">;

/** Longer entries are read as a whole. */
const cutBytesMax = 64 * 1024;

/** Makes records of entries; of one that is like another but for message and time, only these are read. */
export class EntryIntake {
  readonly #shape: RecordShape;
  readonly #onDrop: () => void;
  /** Undefined where more than the body depends on a record's message. */
  readonly #cut: EntryCut | undefined;
  readonly #memo = new RecordMemo();
  readonly #tags = new KnownNumbers();

  /** `onDrop` is told of each entry that a rule drops. */
  constructor(shape: RecordShape, onDrop: () => void) {
    this.#shape = shape;
    this.#onDrop = onDrop;
    const { messageKeys } = shape;
    this.#cut = areApart(messageKeys, shape) ? new EntryCut(messageKeys) : undefined;
  }

  /** Adds the entry, one whole value; `common` are the labels of all entries with its tag. Throws MessagePackError, UnshapedRecordError. */
  add(bytes: Uint8Array, common: Labels, sink: RecordSink): void {
    const entry = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
    const cut =
      bytes.length > cutBytesMax || this.#cut?.find(entry) !== true ? undefined : this.#cut;
    if (cut === undefined || !this.#addKnown(entry, cut, common, sink))
      this.#addWhole(bytes, cut, common, sink);
  }

  #addKnown(entry: Buffer, cut: EntryCut, common: Labels, sink: RecordSink): boolean {
    const known = this.#memo.find(entry, cut, this.#tags.of(common["tag"] ?? ""));
    if (known === undefined) return false;
    if (known.isDropped) {
      this.#onDrop();
      return true;
    }
    const end = messageEnd(entry, cut.textStart, cut.messageEnd);
    const severity = known.severity || severityOf(entry, cut.textStart, end);
    const { labels, attributes } = known;
    sink.addLine(labels, cut.ms, cut.nanos, severity, entry, cut.textStart, end, attributes);
    return true;
  }

  #addWhole(bytes: Uint8Array, cut: EntryCut | undefined, common: Labels, sink: RecordSink): void {
    const { unixNanos, record, bytesOf } = readEntry(bytes);
    const whole = (): Buffer => Buffer.from(jsonText(record));
    const hidden = { __fluent_tag: common["tag"] ?? "" };
    const shaped = shapeRecord({ fields: record, whole, bytesOf, hidden }, this.#shape, common);
    const { isDropped, labels, toldSeverity, severity, body, attributes, messageKey } = shaped;
    // A nested key may be of the same name as one with a dot.
    const isOfCut = cut !== undefined && messageKey === this.#shape.messageKeys[cut.rank];
    if (isOfCut && messageKey?.includes(".") === false)
      this.#memo.learn({ isDropped, labels, severity: toldSeverity, attributes });
    if (isDropped) this.#onDrop();
    else sink.add(labels, { unixNanos, severity, body, attributes }, whole);
  }
}
