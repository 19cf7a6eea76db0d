import { formatShort } from "#shared/text/go_float_text.ts";
import type { Family, SampleSink } from "../collect/samples/family.ts";

type Held = { readonly family: Family; readonly samples: Map<string, Sample> };
type Sample = { readonly labelValues: readonly string[]; value: number };

/** What one probe found out: gauges by family, each label set once. */
export class Gauges {
  readonly #held = new Map<string, Held>();

  /** Sets it, whatever was there. */
  set(family: Family, value: number, ...labelValues: readonly string[]): void {
    this.#sampleOf(family, labelValues).value = value;
  }

  /** Adds to it; what is not there yet is 0. */
  plus(family: Family, value: number, ...labelValues: readonly string[]): void {
    this.#sampleOf(family, labelValues).value += value;
  }

  /** Makes sure that it is there: 0 where nothing was set. */
  register(family: Family, ...labelValues: readonly string[]): void {
    this.#sampleOf(family, labelValues);
  }

  /** Undefined where it is not there. */
  value(family: Family, ...labelValues: readonly string[]): number | undefined {
    return this.#held.get(family.name)?.samples.get(labelValues.join("\u00ff"))?.value;
  }

  /** Number of samples. */
  get size(): number {
    let size = 0;
    for (const { samples } of this.#held.values()) size += samples.size;
    return size;
  }

  appendTo(sink: SampleSink): void {
    for (const { family, samples } of this.#held.values())
      for (const { value, labelValues } of samples.values())
        sink.add(family, value, ...labelValues);
  }

  /** Prometheus's text format, version 0.0.4, in the order in which client_golang writes it. */
  text(): string {
    const names = [...this.#held.keys()].toSorted();
    return names.map((name) => familyText(this.#held.get(name))).join("");
  }

  #sampleOf(family: Family, labelValues: readonly string[]): Sample {
    let held = this.#held.get(family.name);
    if (held === undefined) {
      held = { family, samples: new Map() };
      this.#held.set(family.name, held);
    }
    const key = labelValues.join("\u00ff");
    let sample = held.samples.get(key);
    if (sample === undefined) {
      sample = { labelValues, value: 0 };
      held.samples.set(key, sample);
    }
    return sample;
  }
}

function familyText(held: Held | undefined): string {
  if (held === undefined) return "";
  const { name, help, labelNames } = held.family;
  const lines = [...held.samples.values()].map(
    ({ labelValues, value }) =>
      `${name}${labelsText(labelNames, labelValues)} ${formatShort(value)}`,
  );
  const escapedHelp = help.replaceAll("\\", "\\\\").replaceAll("\n", "\\n");
  return `# HELP ${name} ${escapedHelp}\n# TYPE ${name} gauge\n${lines.toSorted().join("\n")}\n`;
}

function labelsText(names: readonly string[], values: readonly string[]): string {
  if (names.length === 0) return "";
  const pairs = names.map((name, i) => `${name}="${escaped(values[i] ?? "")}"`);
  return `{${pairs.toSorted().join(",")}}`;
}

function escaped(value: string): string {
  return value.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");
}
