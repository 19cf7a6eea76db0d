import { parseProtobuf } from "#shared/text/exposition/protobuf_parser.ts";
import { SampleColumns } from "#shared/text/exposition/sample_columns.ts";
import { type ExposedLabels, SeriesIndex } from "#shared/text/exposition/series_index.ts";
import { parseText } from "#shared/text/exposition/text_parser.ts";

type ReadSample = readonly [labels: Record<string, string>, value: number, timestampMs?: number];

/** Reads bodies one after another as a target's, and gives what each of them held in a form that tests compare. */
export class ExpositionReader {
  readonly index = new SeriesIndex();
  readonly out = new SampleColumns();
  readonly #labels = new Map<number, ExposedLabels>();

  read(body: string | Uint8Array, format: "prometheus" | "openmetrics" | "protobuf"): ReadSample[] {
    const bytes = typeof body === "string" ? new TextEncoder().encode(body) : body;
    if (format === "protobuf") parseProtobuf(bytes, this.index, this.out);
    else parseText(bytes, format, this.index, this.out);
    for (const { entry, labels } of this.index.newSeries) this.#labels.set(entry, labels);
    this.index.newSeries = [];
    return Array.from({ length: this.out.length }, (_, i): ReadSample => {
      const labels = Object.fromEntries(this.#labels.get(this.out.series[i] ?? 0) ?? []);
      const value = this.out.values[i] ?? 0;
      return this.out.explicit[i] === 1
        ? [labels, value, this.out.timestampsMs[i] ?? 0]
        : [labels, value];
    });
  }
}
