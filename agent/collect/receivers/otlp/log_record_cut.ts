import type { Labels } from "#shared/model/labels.ts";

/** Tags of LogRecord: field number << 3 | wire type. */
const tags = { time: 9, body: 42, traceId: 74, spanId: 82, observedTime: 89 } as const;
const stringTag = 10;
const none = -1;
const restBytesMax = 2_048;
const nanosPerMs = 1_000_000;

/**
 * Finds body, times and ids of a LogRecord whose body is a text, and gathers the bytes of its other fields, whole fields one after another. It only finds
 * borders: what the rest means, and whether it is in order, is asked of the decoder.
 */
export class LogRecordCut {
  readonly rest = new Uint8Array(restBytesMax);
  restLength = 0;
  bodyStart = 0;
  bodyEnd = 0;
  /** Of the time, or else the time of observation; 0 for none. */
  ms = 0;
  nanos = 0;
  #time = none;
  #observed = none;
  #traceStart = none;
  #traceEnd = 0;
  #spanStart = none;
  #spanEnd = 0;
  #at = 0;

  get hasIds(): boolean {
    return this.#traceEnd > this.#traceStart || this.#spanEnd > this.#spanStart;
  }

  /** Whether bytes[start, end) have the form that nearly all records have, each of these fields at most once. Without a body it is empty. */
  find(bytes: Buffer, start: number, end: number): boolean {
    this.restLength = 0;
    this.#time = none;
    this.#observed = none;
    this.#traceStart = none;
    this.#traceEnd = none;
    this.#spanStart = none;
    this.#spanEnd = none;
    this.bodyStart = none;
    for (let at = start; at < end;) {
      const tag = bytes[at] ?? 0;
      const next = this.#fieldEnd(bytes, at, end);
      if (next === none) return false;
      if (!this.#take(bytes, tag, at, next)) return false;
      at = next;
    }
    if (this.bodyStart === none) {
      this.bodyStart = end;
      this.bodyEnd = end;
    }
    this.#readTime(bytes);
    return true;
  }

  /** `known` with the ids of the record. */
  withIds(bytes: Buffer, known: Labels): Labels {
    const own: Record<string, string> = { ...known };
    if (this.#traceEnd > this.#traceStart)
      own["trace_id"] = bytes.toString("hex", this.#traceStart, this.#traceEnd);
    if (this.#spanEnd > this.#spanStart)
      own["span_id"] = bytes.toString("hex", this.#spanStart, this.#spanEnd);
    return own;
  }

  /** Where the field ends that begins at `start` with a tag of one byte, its value at #at; -1 for another, or one that does not end. */
  #fieldEnd(bytes: Buffer, start: number, end: number): number {
    const tag = bytes[start] ?? 0;
    const wireType = tag & 7;
    let at = start + 1;
    if (tag < 8 || tag > 127) return none;
    if (wireType === 1) at += 8;
    else if (wireType === 5) at += 4;
    else {
      let length = 0;
      let scale = 1;
      for (let byte = 128; byte >= 128; scale *= 128) {
        if (at >= end || scale > 2 ** 28) return none;
        byte = bytes[at++] ?? 0;
        length += (byte & 127) * scale;
      }
      this.#at = at;
      if (wireType === 2) at += length;
      else if (wireType !== 0) return none;
    }
    return at <= end ? at : none;
  }

  #take(bytes: Buffer, tag: number, start: number, end: number): boolean {
    if (tag === tags.time || tag === tags.observedTime) {
      if ((tag === tags.time ? this.#time : this.#observed) !== none) return false;
      if (tag === tags.time) this.#time = start + 1;
      else this.#observed = start + 1;
      return true;
    }
    if (tag === tags.body) return this.bodyStart === none && this.#takeBody(bytes, end);
    if (tag === tags.traceId) {
      if (this.#traceStart !== none) return false;
      this.#traceStart = this.#at;
      this.#traceEnd = end;
      return true;
    }
    if (tag === tags.spanId) {
      if (this.#spanStart !== none) return false;
      this.#spanStart = this.#at;
      this.#spanEnd = end;
      return true;
    }
    if (this.restLength + end - start > restBytesMax) return false;
    for (let at = start; at < end; at++) this.rest[this.restLength++] = bytes[at] ?? 0;
    return true;
  }

  /** An AnyValue of one field, a text. */
  #takeBody(bytes: Buffer, end: number): boolean {
    if (bytes[this.#at] !== stringTag) return false;
    if (this.#fieldEnd(bytes, this.#at, end) !== end) return false;
    this.bodyStart = this.#at;
    this.bodyEnd = end;
    return true;
  }

  #readTime(bytes: Buffer): void {
    this.ms = 0;
    this.nanos = 0;
    if (this.#time !== none) this.#readNanos(bytes, this.#time);
    if (this.ms === 0 && this.nanos === 0 && this.#observed !== none)
      this.#readNanos(bytes, this.#observed);
  }

  /** 64 bits of nanoseconds: 2^32 of them are 4,294 ms and 967,296 ns. */
  #readNanos(bytes: Buffer, at: number): void {
    const high = bytes.readUInt32LE(at + 4);
    const rest = high * 967_296 + bytes.readUInt32LE(at);
    const ms = Math.floor(rest / nanosPerMs);
    this.ms = high * 4_294 + ms;
    this.nanos = rest - ms * nanosPerMs;
  }
}
