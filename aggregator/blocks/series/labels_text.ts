import { labelsKey, metricNameLabel, type Labels } from "#shared/model/labels.ts";

/** Label sets as blocks hold them: JSON objects with sorted names, no spaces, without the metric's name. */
export function labelsText(labels: Labels): string {
  let text = "";
  let before = "";
  for (const name in labels) {
    // Nearly all label sets are sorted as they came.
    if (name < before) return textOf(labels, Object.keys(labels).toSorted());
    before = name;
    text += pairOf(name, labels[name], text !== "");
  }
  return `{${text}}`;
}

function textOf(labels: Labels, names: readonly string[]): string {
  let text = "";
  for (const name of names) text += pairOf(name, labels[name], text !== "");
  return `{${text}}`;
}

function pairOf(name: string, value: string | undefined, isLater: boolean): string {
  if (value === undefined || value === "" || name === metricNameLabel) return "";
  return `${isLater ? "," : ""}${jsonText(name)}:${jsonText(value)}`;
}

/** As JSON.stringify(), which takes five times as long. */
function jsonText(text: string): string {
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    const isPlain = unit >= 32 && unit !== quote && unit !== backslash && unit < surrogatesFrom;
    if (!isPlain) return JSON.stringify(text.toWellFormed());
  }
  return `"${text}"`;
}

const [quote, backslash, surrogatesFrom] = [34, 92, 0xd800];

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

/**
 * Parsed label sets by their text: hundreds of blocks hold the same ones. When it is full, those that were not asked for since it was
 * full the last time are let go, so that what is read again and again stays, however it comes near the bound.
 */
export class KnownTexts {
  readonly #max: number;
  #known = new Map<string, KnownLabels>();
  #before = new Map<string, KnownLabels>();

  /** Holds twice as many at most. */
  constructor(max = knownTextsMax) {
    this.#max = max;
  }

  get(name: string, text: string): KnownLabels {
    const whole = `${name}\0${text}`;
    let known = this.#known.get(whole);
    if (known !== undefined) return known;
    known = this.#before.get(whole);
    if (known === undefined) {
      const labels = parseLabels(name, text);
      known = { key: labelsKey(labels), labels };
    }
    if (this.#known.size >= this.#max) {
      this.#before = this.#known;
      this.#known = new Map();
    }
    this.#known.set(whole, known);
    return known;
  }
}

/** Some 100 MB where all of them are in use. */
const knownTextsMax = 131_072;

/** A label set as a block has it. */
export type SeriesText = { readonly name: string; readonly text: string; readonly hash: bigint };

/** The text of a series of that name. */
export function seriesText(name: string, labels: Labels): SeriesText {
  const text = labelsText(labels);
  return { name, text, hash: Bun.hash.xxHash64(`${name}\0${text}`) };
}

/** Texts by label set, for those that come again and again while blocks are read. */
export class SeriesTexts {
  readonly #known = new WeakMap<Labels, SeriesText>();

  get(labels: Labels): SeriesText {
    let known = this.#known.get(labels);
    if (known !== undefined) return known;
    known = seriesText(nameOf(labels), labels);
    this.#known.set(labels, known);
    return known;
  }
}

/** Order of UTF-16 units, as `<` has it. */
export function compareTexts(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
