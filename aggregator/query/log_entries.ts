import type { Labels } from "#shared/model/labels.ts";

/** What a log query makes of a record. */
export type LogEntry = {
  /** Unix nanoseconds. */
  readonly timestampNs: bigint;
  /** Labels of the stream, without what the pipeline has taken away or written anew. */
  readonly stream: Labels;
  /** The line as the pipeline leaves it. */
  readonly body: string;
  /** Structured metadata, detected_level with it. */
  readonly metadata: Labels;
  /** What the pipeline took from the line. */
  readonly parsed: Labels;
};
