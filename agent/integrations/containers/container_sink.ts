import type { Family, SampleSink } from "../../collect/samples/family.ts";
import type { OpenLabels } from "../open_labels.ts";

/** Adds the labels of one container to each of its samples. */
export class ContainerSink {
  readonly #sink: SampleSink;
  readonly #labels: OpenLabels;
  readonly #values: readonly string[];

  /** `values`: of labels.valuesOf(). */
  constructor(sink: SampleSink, labels: OpenLabels, values: readonly string[]) {
    this.#sink = sink;
    this.#labels = labels;
    this.#values = values;
  }

  /** A value that the kernel does not tell is left out. */
  add(base: Family, value: number | undefined, ...own: readonly string[]): void {
    if (value === undefined) return;
    const family = this.#labels.family(base, this.#values.length);
    this.#sink.add(family, value, ...own, ...this.#values);
  }
}
