import type { Labels } from "#shared/model/labels.ts";

/** What a log query makes of a record. */
export type LogEntry = {
  /** Unix nanoseconds. */
  readonly timestampNs: bigint;
  /** Labels of the stream, as stored. */
  readonly stream: Labels;
  /** As the pipeline leaves it. */
  readonly line: string;
  /** Structured metadata, detected_level with it. */
  readonly metadata: Labels;
  /** What the pipeline took from the line. */
  readonly parsed: Labels;
};
