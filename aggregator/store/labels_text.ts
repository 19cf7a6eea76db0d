import { labelsKey, metricNameLabel, type Labels } from "#shared/model/labels.ts";

/** Label sets as blocks hold them: JSON objects with sorted names, no spaces, without the metric's name. */
export function labelsText(labels: Labels): string {
  let text = "";
  for (const name of Object.keys(labels).toSorted()) {
    const value = labels[name];
    if (value === undefined || value === "" || name === metricNameLabel) continue;
    text += `${text === "" ? "" : ","}${JSON.stringify(name.toWellFormed())}:${JSON.stringify(value.toWellFormed())}`;
  }
  return `{${text}}`;
}

function nameOf(labels: Labels): string {
  return (labels[metricNameLabel] ?? "").toWellFormed();
}

/**
 * What the text of every label set with this label contains, and no other's: a quote within a name or value is
 * escaped, so the four bare quotes can only be those of one pair.
 */
export function pairText(name: string, value: string): string {
  return `${JSON.stringify(name)}:${JSON.stringify(value)}`;
}

/** The label set of a row. `name` is empty for streams of logs. */
export function parseLabels(name: string, text: string): Labels {
  const parsed: unknown = JSON.parse(text);
  const labels: Record<string, string> = name === "" ? {} : { [metricNameLabel]: name };
  if (typeof parsed === "object" && parsed !== null)
    for (const [key, value] of Object.entries(parsed))
      if (typeof value === "string") labels[key] = value;
  return labels;
}

/** A label set read from a block: the same object, with its key, for the same text. */
export type KnownLabels = { readonly key: string; readonly labels: Labels };

/** Parsed label sets by their text: hundreds of blocks hold the same ones. Emptied when full. */
export class KnownTexts {
  readonly #known = new Map<string, KnownLabels>();

  get(name: string, text: string): KnownLabels {
    const whole = `${name}\0${text}`;
    let known = this.#known.get(whole);
    if (known !== undefined) return known;
    const labels = parseLabels(name, text);
    known = { key: labelsKey(labels), labels };
    if (this.#known.size >= knownTextsMax) this.#known.clear();
    this.#known.set(whole, known);
    return known;
  }
}

const knownTextsMax = 100_000;

/** A label set as a block has it. */
export type SeriesText = { readonly name: string; readonly text: string; readonly hash: bigint };

/** Texts by label set: a head hands over the same objects cut after cut, and making the text costs more than the samples. */
export class SeriesTexts {
  readonly #known = new WeakMap<Labels, SeriesText>();

  get(labels: Labels): SeriesText {
    let known = this.#known.get(labels);
    if (known !== undefined) return known;
    const name = nameOf(labels);
    const text = labelsText(labels);
    known = { name, text, hash: Bun.hash.xxHash64(`${name}\0${text}`) };
    this.#known.set(labels, known);
    return known;
  }
}

/** Order of UTF-16 units, as `<` has it. */
export function compareTexts(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
