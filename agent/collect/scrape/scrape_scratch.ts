import { SampleColumns } from "#shared/text/exposition/sample_columns.ts";

/** Memory of one body's samples, which loops use in turn: a body is parsed and appended without a pause in between. */
export class ScrapeScratch {
  samples = new SampleColumns();

  /** For a body that takes pauses: what it has so far is its own from here on. */
  lend(): SampleColumns {
    const { samples } = this;
    this.samples = new SampleColumns();
    return samples;
  }
}
