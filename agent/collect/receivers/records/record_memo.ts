import type { Labels } from "#shared/model/labels.ts";
import { ByteMemo } from "./byte_memo.ts";

/** What a record tells beside its message and its time. */
export type KnownRecord = {
  /** A rule drops it. */
  readonly isDropped: boolean;
  readonly labels: Labels;
  /** 0 where only the message may tell it. */
  readonly severity: number;
  readonly attributes: Labels | undefined;
};

/** Where message and time of a record lie, one of which may be empty, in bytes[start, end). */
export type RecordCut = {
  readonly start: number;
  readonly messageStart: number;
  readonly messageEnd: number;
  readonly timeStart: number;
  readonly timeEnd: number;
  readonly end: number;
};

/** A longer rest is not remembered. */
const restBytesMax = 2_048;
const cutsBytes = 4;
/** More of them may be refused by the batch, which is to be found out each time. */
const attributesMax = 64;
const attributeUnitsMax = 8_192;

/**
 * What records tell whose bytes are the same but for message and time, as those of one program nearly always are: labels, level and attributes are then known
 * without reading anything. Which of the keys are message and time must be known by the bytes that are left, too.
 */
export class RecordMemo {
  readonly #memo = new ByteMemo<KnownRecord>();
  /** Where the cuts are, and the bytes that are left. */
  readonly #key = new Uint8Array(cutsBytes + restBytesMax);
  #length = 0;
  #common = 0;

  /** What is known of the record; `common` is a number of what it is read with. */
  find(bytes: Uint8Array, cut: RecordCut, common: number): KnownRecord | undefined {
    const isMessageFirst = cut.messageStart <= cut.timeStart;
    const firstStart = isMessageFirst ? cut.messageStart : cut.timeStart;
    const firstEnd = isMessageFirst ? cut.messageEnd : cut.timeEnd;
    const secondStart = isMessageFirst ? cut.timeStart : cut.messageStart;
    const secondEnd = isMessageFirst ? cut.timeEnd : cut.messageEnd;
    const first = firstStart - cut.start;
    const second = secondStart - firstEnd;
    const rest = first + second + cut.end - secondEnd;
    this.#length = rest > restBytesMax ? 0 : cutsBytes + rest;
    this.#common = common;
    if (this.#length === 0) return undefined;
    const key = this.#key;
    key[0] = first & 255;
    key[1] = first >>> 8;
    key[2] = second & 255;
    key[3] = second >>> 8;
    let at = cutsBytes;
    for (let i = cut.start; i < firstStart; i++) key[at++] = bytes[i] ?? 0;
    for (let i = firstEnd; i < secondStart; i++) key[at++] = bytes[i] ?? 0;
    for (let i = secondEnd; i < cut.end; i++) key[at++] = bytes[i] ?? 0;
    return this.#memo.get(key, 0, at, common);
  }

  /** Tells what the record of the last find() is. */
  learn(known: KnownRecord): void {
    if (this.#length === 0 || !isUsual(known.attributes)) return;
    this.#memo.set(this.#key, 0, this.#length, this.#common, known);
  }
}

function isUsual(attributes: Labels = {}): boolean {
  let count = 0;
  let units = 0;
  for (const name in attributes) {
    count++;
    units += name.length + (attributes[name] ?? "").length;
  }
  return count <= attributesMax && units <= attributeUnitsMax;
}
