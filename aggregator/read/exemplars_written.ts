/** How many exemplars a block holds, and the Unix milliseconds of the first and the last. */
export type ExemplarsWritten = {
  readonly count: number;
  readonly minMs: number;
  readonly maxMs: number;
};
