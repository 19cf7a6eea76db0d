import { assert } from "../assert.ts";

/** Variables a line is taken apart into; what comes after the last but one is the last one, to the end of the line. */
export const templateVariablesMax = 32;

/**
 * The constant parts of lines that are alike. A line is part 0, variable 0, part 1, variable 1, ... and the last part, byte
 * for byte. The text names the variables by number: `Failed password for <0> from <1>`. Constant parts never hold a digit,
 * no variable but the last one holds `<` or `>`, and none stands in them as a number of a variable would, so the text is
 * unambiguous, and the line is made by replacing `<0>`, `<1>`, ... one after the other.
 */
export type LineTemplate = {
  readonly text: string;
  /** The constant parts one after another, as UTF-8. */
  readonly parts: Uint8Array;
  /** Where each part ends in `parts`; one more than there are variables. */
  readonly partEnds: Uint32Array;
};

/** Records of a batch taken apart. Their bodies stand in the batch all the same. */
export type MinedLines = {
  readonly templates: readonly LineTemplate[];
  /** A record's index into `templates`, or `unmined`. */
  readonly templateOf: Uint32Array;
  /** Bytes of every variable of every mined record, in the order of the records. */
  readonly variableLengths: Uint32Array;
};

export const unmined = 0xffff_ffff;

const encoder = new TextEncoder();
const placeholder = /<(\d+)>/;

/** The template of a text as told above. Throws where variables are not numbered in order or too many. */
export function templateOfText(text: string): LineTemplate {
  const pieces = text.split(placeholder);
  const parts: Uint8Array[] = [];
  for (const [i, piece] of pieces.entries()) {
    if (i % 2 === 0) parts.push(encoder.encode(piece));
    else if (Number(piece) !== (i - 1) / 2 || parts.length > templateVariablesMax)
      throw new RangeError(`template has <${piece}>, expected <${(i - 1) / 2}>`);
  }
  return { text, parts: joined(parts), partEnds: endsOf(parts) };
}

/** `parts`: UTF-8 without digits, one more than there are variables. */
export function templateOfParts(parts: readonly Uint8Array[]): LineTemplate {
  assert(parts.length <= templateVariablesMax + 1, `${parts.length - 1} variables in a template`);
  const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  const text = parts
    .map((part, i) => (i === 0 ? "" : `<${i - 1}>`) + decoder.decode(part))
    .join("");
  return { text, parts: joined(parts), partEnds: endsOf(parts) };
}

export function variablesOf({ partEnds }: LineTemplate): number {
  return partEnds.length - 1;
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

function endsOf(parts: readonly Uint8Array[]): Uint32Array {
  let end = 0;
  return Uint32Array.from(parts, (part) => (end += part.length));
}
