import type { DropReason, Drops } from "#shared/model/account.ts";
import { type Labels, labelsKey } from "#shared/model/labels.ts";
import type { LogsBatch } from "#shared/model/logs.ts";

/** As what a pushed record may carry (collect/receivers/log_batch_builder.ts). */
const attributesMax = 128;
const attributeBytesMax = 64 * 1_024;

const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
const encoder = new TextEncoder();

/**
 * A batch while processors work on it: the columns stand as they came until something is changed, and what is changed lies beside
 * them. build() makes a batch of it again; an untouched one is handed back as it is.
 */
export class Records {
  readonly length: number;
  readonly batch: LogsBatch;
  /** Why a record is dropped; undefined for all that are kept. */
  #dropped: (DropReason | undefined)[] | undefined;
  #droppedBy: (string | undefined)[] | undefined;
  #bodies: (Uint8Array | undefined)[] | undefined;
  #attributes: (Labels | undefined)[] | undefined;
  #streamOf: Uint32Array | undefined;
  #streams: Labels[] | undefined;
  #streamNumbers: Map<string, number> | undefined;
  #timestampsMs: Float64Array | undefined;
  #nanos: Uint32Array | undefined;
  #severities: Uint8Array | undefined;
  /** Type of the processor at work, for what it drops. */
  by = "";

  constructor(batch: LogsBatch) {
    this.batch = batch;
    this.length = batch.bodyEnds.length;
  }

  isDropped(i: number): boolean {
    return this.#dropped?.[i] !== undefined;
  }

  droppedBy(i: number): string | undefined {
    return this.#droppedBy?.[i];
  }

  /** The record goes no further, and is counted under the reason. */
  drop(i: number, reason: DropReason): void {
    this.#dropped ??= [];
    this.#droppedBy ??= [];
    this.#dropped[i] ??= reason;
    this.#droppedBy[i] ??= this.by;
  }

  /** The bytes that the body lies in, from bodyStart(i) to bodyEnd(i): no view is made. */
  bodyBytes(i: number): Uint8Array {
    return this.#bodies?.[i] ?? this.batch.bodies;
  }
  bodyStart(i: number): number {
    return this.#bodies?.[i] === undefined ? (this.batch.bodyEnds[i - 1] ?? 0) : 0;
  }
  bodyEnd(i: number): number {
    return this.#bodies?.[i]?.length ?? this.batch.bodyEnds[i] ?? 0;
  }
  bodyText(i: number): string {
    return decoder.decode(this.bodyBytes(i).subarray(this.bodyStart(i), this.bodyEnd(i)));
  }
  setBody(i: number, body: Uint8Array | string): void {
    this.#bodies ??= [];
    this.#bodies[i] = typeof body === "string" ? encoder.encode(body) : body;
  }

  attributes(i: number): Labels | undefined {
    return (this.#attributes ?? this.batch.attributes)?.[i];
  }
  setAttributes(i: number, attributes: Labels | undefined): void {
    this.#attributes ??= Array.from({ length: this.length }, (_, j) => this.batch.attributes?.[j]);
    this.#attributes[i] = attributes;
  }
  /** Adds fields to the record's attributes; false where it then has more than a record may, and stays as it was. */
  addAttributes(i: number, fields: Labels): boolean {
    const merged = { ...this.attributes(i), ...fields };
    let count = 0;
    let bytes = 0;
    for (const name in merged) {
      count++;
      bytes += name.length + (merged[name]?.length ?? 0);
    }
    if (count > attributesMax || bytes > attributeBytesMax) return false;
    this.setAttributes(i, merged);
    return true;
  }

  stream(i: number): Labels {
    const number = (this.#streamOf ?? this.batch.streamOf)[i] ?? 0;
    return (this.#streams ?? this.batch.streams)[number] ?? {};
  }
  /** The stream's place in the list of streams: equal for records of one stream, as far as the batch tells them apart. */
  streamNumber(i: number): number {
    return (this.#streamOf ?? this.batch.streamOf)[i] ?? 0;
  }
  setStream(i: number, labels: Labels): void {
    this.#streamOf ??= this.batch.streamOf.slice();
    this.#streams ??= [...this.batch.streams];
    this.#streamNumbers ??= new Map(this.#streams.map((own, at) => [labelsKey(own), at]));
    const key = labelsKey(labels);
    let number = this.#streamNumbers.get(key);
    if (number === undefined) {
      number = this.#streams.push(labels) - 1;
      this.#streamNumbers.set(key, number);
    }
    this.#streamOf[i] = number;
  }

  severity(i: number): number {
    return (this.#severities ?? this.batch.severities)[i] ?? 0;
  }
  setSeverity(i: number, number: number): void {
    this.#severities ??= this.batch.severities.slice();
    this.#severities[i] = number;
  }

  timestampMs(i: number): number {
    return (this.#timestampsMs ?? this.batch.timestampsMs)[i] ?? 0;
  }
  nanos(i: number): number {
    return (this.#nanos ?? this.batch.nanos)[i] ?? 0;
  }
  setTime(i: number, timestampMs: number, nanos: number): void {
    this.#timestampsMs ??= this.batch.timestampsMs.slice();
    this.#nanos ??= this.batch.nanos.slice();
    this.#timestampsMs[i] = timestampMs;
    this.#nanos[i] = nanos;
  }

  /** A field by name: an attribute, else a label of the stream. */
  field(i: number, name: string): string | undefined {
    return this.attributes(i)?.[name] ?? this.stream(i)[name];
  }
  /** The attribute's text, the body's for "body". */
  source(i: number, from: string): string | undefined {
    return from === "body" ? this.bodyText(i) : this.field(i, from);
  }

  /** How many were dropped, by reason. */
  drops(): Drops {
    const drops: Drops = {};
    this.#dropped?.forEach((reason) => {
      if (reason !== undefined) drops[reason] = (drops[reason] ?? 0) + 1;
    });
    return drops;
  }

  build(): LogsBatch {
    const { batch } = this;
    const changed = {
      streams: this.#streams ?? batch.streams,
      streamOf: this.#streamOf ?? batch.streamOf,
      timestampsMs: this.#timestampsMs ?? batch.timestampsMs,
      nanos: this.#nanos ?? batch.nanos,
      severities: this.#severities ?? batch.severities,
    };
    const attributes = this.#attributes ?? batch.attributes;
    if (this.#dropped === undefined && this.#bodies === undefined) {
      const { bodies, bodyEnds } = batch;
      return { ...changed, bodies, bodyEnds, ...given(attributes) };
    }
    return this.#gathered(changed, attributes);
  }

  #gathered(
    columns: Pick<LogsBatch, "streams" | "streamOf" | "timestampsMs" | "nanos" | "severities">,
    attributes: LogsBatch["attributes"],
  ): LogsBatch {
    const kept: number[] = [];
    let bytes = 0;
    for (let i = 0; i < this.length; i++) {
      if (this.isDropped(i)) continue;
      kept.push(i);
      bytes += this.bodyEnd(i) - this.bodyStart(i);
    }
    const bodies = new Uint8Array(bytes);
    const bodyEnds = new Uint32Array(kept.length);
    let end = 0;
    kept.forEach((i, at) => {
      const [from, to] = [this.bodyStart(i), this.bodyEnd(i)];
      bodies.set(this.bodyBytes(i).subarray(from, to), end);
      end += to - from;
      bodyEnds[at] = end;
    });
    // A stream without records would be written all the same.
    const streams: Labels[] = [];
    const numbers = new Map<number, number>();
    const streamOf = Uint32Array.from(kept, (i) => {
      const old = columns.streamOf[i] ?? 0;
      let number = numbers.get(old);
      if (number === undefined) {
        number = streams.push(columns.streams[old] ?? {}) - 1;
        numbers.set(old, number);
      }
      return number;
    });
    return {
      streams,
      streamOf,
      timestampsMs: Float64Array.from(kept, (i) => columns.timestampsMs[i] ?? 0),
      nanos: Uint32Array.from(kept, (i) => columns.nanos[i] ?? 0),
      severities: Uint8Array.from(kept, (i) => columns.severities[i] ?? 0),
      bodies,
      bodyEnds,
      ...given(attributes === undefined ? undefined : kept.map((i) => attributes[i])),
    };
  }
}

function given(attributes: LogsBatch["attributes"]): Pick<LogsBatch, "attributes"> {
  return attributes?.some((own) => own !== undefined) === true ? { attributes } : {};
}
