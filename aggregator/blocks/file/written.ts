import type { ExemplarsWritten } from "../../read/exemplars_written.ts";

/** What a file holds, as its writer counted it. */
export type Written = {
  /** Samples, or log records. */
  readonly items: number;
  readonly minMs: number;
  readonly maxMs: number;
  /** Absent where there are none. */
  readonly exemplars?: ExemplarsWritten;
};
