import type { Labels } from "./labels.ts";
import type { LineColumns } from "./line_columns.ts";
import type { MinedLines } from "./line_template.ts";

/** Severity numbers as in OpenTelemetry's log data model (1-24), 0 where unknown. */
export const severity = {
  unknown: 0,
  trace: 1,
  debug: 5,
  info: 9,
  warn: 13,
  error: 17,
  fatal: 21,
} as const;

/**
 * Log records as columns; one entry a record in every array. Bodies are the bytes received (UTF-8 where the
 * source could tell), without the line end.
 */
export type LogsBatch = {
  /** The distinct label sets of this batch. */
  readonly streams: Labels[];
  /** Index into `streams`. */
  readonly streamOf: Uint32Array;
  /** Unix time: whole milliseconds, and the nanoseconds within that millisecond (0 to 999,999). */
  readonly timestampsMs: Float64Array;
  readonly nanos: Uint32Array;
  readonly severities: Uint8Array;
  /** All bodies one after another; record i is bodies[bodyEnds[i - 1] ?? 0, bodyEnds[i]). */
  readonly bodies: Uint8Array;
  readonly bodyEnds: Uint32Array;
  /** Structured metadata a record, or undefined where no record of the batch has any. */
  readonly attributes?: (Labels | undefined)[];
  /** The bodies taken apart, where that was done. */
  readonly mined?: MinedLines;
  /** The same as columns, where that is how they came: the bodies are then made when someone asks for them. */
  readonly columns?: LineColumns;
};

/** Bytes of a record's body; right also where bodies are left out and only their ends are told (LogScanRequest.needs). */
export function bodyLength({ bodyEnds }: Pick<LogsBatch, "bodyEnds">, record: number): number {
  return ((bodyEnds[record] ?? 0) - (record === 0 ? 0 : (bodyEnds[record - 1] ?? 0))) >>> 0;
}
