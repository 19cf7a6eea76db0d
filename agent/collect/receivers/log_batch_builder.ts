import { type Labels, labelsKey } from "#shared/model/labels.ts";
import type { LogsBatch } from "#shared/model/logs.ts";
import type { MultilineConfig } from "../sources/file_logs/multiline.ts";
import { PushedLineJoiner } from "./pushed_line_joiner.ts";
import type { PushedRecord } from "./pushed_record.ts";

export type RecordFault = {
  readonly reason: "line_too_long" | "out_of_bounds_timestamp" | "label_limit";
  readonly message: string;
};

export type LogLimits = {
  readonly lineBytesMax: number;
  readonly latestMs: number;
  /** How lines of the batch are joined to records; without it each is one. */
  readonly multiline?: MultilineConfig | undefined;
};

/** Lines of a stream that were taken out of a batch, and when each came. */
export type HeldStream = {
  readonly labels: Labels;
  readonly lines: readonly { readonly record: PushedRecord; readonly atMs: number }[];
};

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
  readonly #joiner: PushedLineJoiner | undefined;

  constructor(limits: LogLimits) {
    this.#limits = limits;
    const { multiline, lineBytesMax } = limits;
    this.#joiner = multiline && new PushedLineJoiner(multiline, lineBytesMax);
  }

  /** Records; what was pushed is as many lines or more. */
  get length(): number {
    return this.#bodyEnds.length - (this.#joiner?.absent.size ?? 0);
  }

  get lines(): number {
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

  /** Takes a record, or says why not. A severity that is none is 0, unknown. `atMs`: when it came, for holdOpen(). */
  add(stream: number, record: PushedRecord, atMs = 0): RecordFault | undefined {
    const { unixNanos, severity, body, attributes } = record;
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
    this.#joiner?.add(stream, this.#bodyEnds.length - 1, record, atMs);
    return undefined;
  }

  /** Takes out of the batch the last records of streams to which something came after `sinceMs`: more of them may come. */
  holdOpen(sinceMs: number, streamsMax: number): HeldStream[] {
    const held = this.#joiner?.hold(sinceMs, streamsMax) ?? [];
    return held.map(({ stream, lines }) => ({ labels: this.#streams[stream] ?? {}, lines }));
  }

  build(): LogsBatch {
    const joiner = this.#joiner;
    return joiner === undefined || joiner.absent.size === 0 ? this.#whole() : this.#joined(joiner);
  }

  /** The records of lines that belong together, each in the place of its first. */
  #joined(joiner: PushedLineJoiner): LogsBatch {
    const limits = { lineBytesMax: Number.POSITIVE_INFINITY, latestMs: Number.POSITIVE_INFINITY };
    const joined = new LogBatchBuilder(limits);
    for (let row = 0; row < this.#bodies.length; row++) {
      if (joiner.absent.has(row)) continue;
      const rows = [row, ...joiner.restOf(row)];
      const severities = rows.map((one) => this.#severities[one] ?? 0);
      joined.add(joined.stream(this.#streams[this.#streamOf[row] ?? -1] ?? {}), {
        unixNanos:
          BigInt(this.#timestampsMs[row] ?? 0) * 1_000_000n + BigInt(this.#nanos[row] ?? 0),
        severity: severities.find((severity) => severity > 0) ?? 0,
        body: bodyOf(rows.map((one) => this.#bodies[one] ?? new Uint8Array())),
        attributes: this.#attributes[row],
      });
    }
    return joined.#whole();
  }

  #whole(): LogsBatch {
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

/** Lines with "\n" between them. */
function bodyOf(lines: readonly Uint8Array[]): Uint8Array {
  const [first = new Uint8Array()] = lines;
  return lines.length === 1
    ? first
    : Buffer.concat(lines.flatMap((line, i) => (i === 0 ? [line] : [lineEnd, line])));
}

const lineEnd = Uint8Array.of(0x0a);
