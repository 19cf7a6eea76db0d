import type { BesideSamples } from "../samples/beside_samples.ts";
import { Faults } from "./faults.ts";

/** What a request held, beside the samples in the buffer. */
export class DecodedWrite {
  /** Exemplars and start timestamps. */
  readonly beside: BesideSamples;
  /** Samples that were met, good or not. */
  samples = 0;
  /** Good ones, that are stored already or are in the buffer. */
  written = 0;
  /** Of the written ones, those that are native histograms. */
  histogramsWritten = 0;
  /** Good ones, that are stored already or are to be. */
  exemplarsWritten = 0;
  /** Faults by which a 1.0 request fails as a whole. */
  readonly faults = new Faults();
  /** What is left out while the rest is stored: series over the limit and, in 1.0, bad label sets. */
  readonly skipped = new Faults();
  /** A skipped item of which the sender must hear. */
  isPartial = false;
  /** Metadata came that is to be handed on. */
  hasNewFamilies = false;

  constructor(beside: BesideSamples) {
    this.beside = beside;
    beside.begin();
  }
}
