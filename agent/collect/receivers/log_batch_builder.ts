import { type Labels, labelsKey } from "#shared/model/labels.ts";
import type { LogsBatch } from "#shared/model/logs.ts";

export type PushedRecord = {
  readonly unixNanos: bigint;
  readonly severity: number;
  readonly body: Uint8Array;
  readonly attributes: Labels | undefined;
};

export type RecordFault = {
  readonly reason: "line_too_long" | "out_of_bounds_timestamp" | "label_limit";
  readonly message: string;
};

export type LogLimits = { readonly lineBytesMax: number; readonly latestMs: number };

const attributesMax = 128;
const attributeBytesMax = 64 * 1024;
const severityMax = 24;

/** Gathers the records of one request as the columns of a batch. */
export class LogBatchBuilder {
  readonly #limits: LogLimits;
  readonly #streams: Labels[] = [];
  readonly #streamOf: number[] = [];
  readonly #numbers = new Map<string, number>();
  /** The same object again needs no key. */
  readonly #numbersOf = new Map<Labels, number>();
  readonly #timestampsMs: number[] = [];
  readonly #nanos: number[] = [];
  readonly #severities: number[] = [];
  readonly #bodies: Uint8Array[] = [];
  readonly #bodyEnds: number[] = [];
  readonly #attributes: (Labels | undefined)[] = [];
  #bytes = 0;

  constructor(limits: LogLimits) {
    this.#limits = limits;
  }

  get length(): number {
    return this.#bodyEnds.length;
  }

  /** The number of a stream, for add(). */
  stream(labels: Labels): number {
    const same = this.#numbersOf.get(labels);
    if (same !== undefined) return same;
    const number = this.#numberOf(labels);
    this.#numbersOf.set(labels, number);
    return number;
  }

  #numberOf(labels: Labels): number {
    const key = labelsKey(labels);
    const known = this.#numbers.get(key);
    if (known !== undefined) return known;
    this.#numbers.set(key, this.#streams.length);
    return this.#streams.push(labels) - 1;
  }

  /** Takes a record, or says why not. A severity that is none is 0, unknown. */
  add(
    stream: number,
    { unixNanos, severity, body, attributes }: PushedRecord,
  ): RecordFault | undefined {
    const timestampMs = Number(unixNanos / 1_000_000n);
    if (unixNanos <= 0n || timestampMs > this.#limits.latestMs)
      return {
        reason: "out_of_bounds_timestamp",
        message: `time ${unixNanos} ns is out of bounds`,
      };
    if (body.length > this.#limits.lineBytesMax)
      return {
        reason: "line_too_long",
        message: `a line of ${body.length} bytes is longer than ${this.#limits.lineBytesMax}`,
      };
    const own = Object.entries(attributes ?? {});
    const size = own.reduce((sum, [name, value]) => sum + name.length + value.length, 0);
    if (own.length > attributesMax || size > attributeBytesMax)
      return { reason: "label_limit", message: "a record has too many or too large attributes" };
    this.#streamOf.push(stream);
    this.#timestampsMs.push(timestampMs);
    this.#nanos.push(Number(unixNanos % 1_000_000n));
    this.#severities.push(severity > 0 && severity <= severityMax ? severity : 0);
    this.#bodies.push(body);
    this.#bytes += body.length;
    this.#bodyEnds.push(this.#bytes);
    this.#attributes.push(own.length === 0 ? undefined : attributes);
    return undefined;
  }

  build(): LogsBatch {
    const batch = {
      streams: this.#streams,
      streamOf: Uint32Array.from(this.#streamOf),
      timestampsMs: Float64Array.from(this.#timestampsMs),
      nanos: Uint32Array.from(this.#nanos),
      severities: Uint8Array.from(this.#severities),
      bodies: new Uint8Array(Buffer.concat(this.#bodies, this.#bytes)),
      bodyEnds: Uint32Array.from(this.#bodyEnds),
    };
    return this.#attributes.every((own) => own === undefined)
      ? batch
      : { ...batch, attributes: this.#attributes };
  }
}
