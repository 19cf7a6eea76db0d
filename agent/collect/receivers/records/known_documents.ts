import { severityOf } from "../../sources/file_logs/severity.ts";
import { DocumentCut } from "./document_cut.ts";
import type { DocumentTime } from "./document_time.ts";
import { type RecordShape, type ShapedRecord, areApart, messageEnd } from "./json_record.ts";
import { JsonTextDecoder } from "./json_text.ts";
import type { KeptRecords } from "./kept_records.ts";
import { RecordMemo } from "./record_memo.ts";

type DocumentForm = {
  readonly shape: Pick<RecordShape, "messageKeys" | "levelKeys" | "labelKeys">;
  readonly timeKeys: readonly string[];
  readonly time: DocumentTime;
  /** The severity is looked for in a body where no field tells it. */
  readonly bodiesTell: boolean;
};

/** Longer documents are read as a whole. */
const cutBytesMax = 64 * 1024;

/**
 * Records of JSON documents of which everything but message and time came before, made without parsing them: of these two alone depends what is
 * left, so the answer is that of whoever read the others as a whole, who tells it to learn().
 */
export class KnownDocuments {
  readonly #form: DocumentForm;
  readonly #cut: DocumentCut | undefined;
  readonly #memo = new RecordMemo();
  readonly #text = new JsonTextDecoder();
  #isCut = false;

  constructor(form: DocumentForm) {
    this.#form = form;
    const { shape, timeKeys } = form;
    const keys = [...shape.messageKeys, ...timeKeys];
    this.#cut = areApart(keys, shape) ? new DocumentCut(shape.messageKeys, timeKeys) : undefined;
  }

  /** Adds the record of bytes[start, end), or tells `onDrop` that a rule drops it; false: it is to be read as a whole. `common`: a number of what it is read with. */
  add(
    bytes: Buffer,
    start: number,
    end: number,
    common: number,
    records: Pick<KeptRecords, "addLine">,
    onDrop: () => void = () => {},
  ): boolean {
    const cut = this.#cut;
    this.#isCut = cut !== undefined && end - start <= cutBytesMax && cut.find(bytes, start, end);
    if (!this.#isCut || cut === undefined) return false;
    const known = this.#memo.find(bytes, cut, common);
    if (known === undefined) return false;
    if (known.isDropped) {
      onDrop();
      return true;
    }
    const { time, bodiesTell } = this.#form;
    const text = this.#text;
    const hasTime = cut.timeEnd > cut.timeStart;
    if (hasTime && !time.read(bytes, cut.timeStart, cut.timeEnd)) return false;
    if (!text.decode(bytes, cut.messageStart, cut.messageEnd)) return false;
    const last = messageEnd(text.bytes, text.start, text.end);
    let { severity } = known;
    if (severity === 0 && bodiesTell) severity = severityOf(text.bytes, text.start, last);
    records.addLine(
      known.labels,
      hasTime ? time.ms : 0,
      hasTime ? time.nanos : 0,
      severity,
      text.bytes,
      text.start,
      last,
      known.attributes,
    );
    return true;
  }

  /** What the document that the last add() left was as a whole; `timeKey`: whose value was its time. */
  learn(shaped: ShapedRecord, severity: number, timeKey: string | undefined): void {
    const cut = this.#cut;
    if (!this.#isCut || cut === undefined) return;
    const { shape, timeKeys } = this.#form;
    const { isDropped, labels, attributes, messageKey } = shaped;
    // A nested key may be of the same name as one with a dot.
    if (messageKey !== shape.messageKeys[cut.messageRank] || messageKey?.includes(".")) return;
    if (timeKey !== timeKeys[cut.timeRank]) return;
    this.#memo.learn({ isDropped, labels, severity, attributes });
  }
}
