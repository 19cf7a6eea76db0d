import { type LineTemplate, unmined } from "./line_template.ts";
import { shapedBytes, type ShapedVariables } from "./shaped_variables.ts";

/** Texts one after another, with the bytes of each. */
export type Texts = {
  readonly bytes: Uint8Array;
  /** Of one byte where that holds the longest, as it nearly always does. */
  readonly lengths: Uint8Array | Uint32Array;
};

/** Texts that come again, as a block has them. */
export type NumberedTexts = {
  /** Of each. */
  readonly numbers: Uint16Array | Uint32Array;
  /** The different texts one after another: text n is bytes[starts[n], starts[n + 1]). */
  readonly bytes: Uint8Array;
  readonly starts: Uint32Array;
};

/** Lines as columns: what the variables of all templates have in common is only their place. */
export type LineColumns = {
  readonly templates: readonly LineTemplate[];
  /** A record's index into `templates`, or `unmined`. */
  readonly templateOf: Uint32Array;
  /** Variables by place, of the records whose template has so many, in the order of the records. */
  readonly places: readonly Texts[];
  /** Lines of the records without a template. */
  readonly whole: Texts;
  /** The variables as they came, where that is apart from their digits: `places` are then made when someone asks for them. */
  readonly shaped?: ShapedVariables;
  /** The same of those that come from a block, by place: numbered where it numbers them. */
  readonly numbered?: readonly (Texts | NumberedTexts)[];
};

/** Lines one after another, as a batch has them. */
export type Lines = {
  readonly bodies: Uint8Array;
  readonly bodyEnds: Uint32Array;
  /** Bytes of every variable of every record with a template, in the order of the records. */
  readonly variableLengths: Uint32Array;
};

export const noTexts: Texts = { bytes: new Uint8Array(), lengths: new Uint8Array() };

/** The memory of the texts as they came; none are made for this. */
export function columnBytes(columns: LineColumns): number {
  const { whole, shaped } = columns;
  const bytes = whole.bytes.length + whole.lengths.byteLength;
  return bytes + (shaped === undefined ? placesBytes(columns.places) : shapedBytes(shaped));
}

/** The memory of texts by place. */
export function placesBytes(places: readonly Texts[]): number {
  let bytes = 0;
  for (const place of places) bytes += place.bytes.length + place.lengths.byteLength;
  return bytes;
}

/** Bytes of all lines. */
function lineBytes({ templates, templateOf, places, whole }: LineColumns): number {
  let bytes = whole.bytes.length;
  for (const place of places) bytes += place.bytes.length;
  for (let i = 0; i < templateOf.length; i++)
    bytes += templates[templateOf[i] ?? unmined]?.parts.length ?? 0;
  return bytes;
}

/** Makes the lines. */
export function linesOf(columns: LineColumns): Lines {
  const { templates, templateOf, places, whole } = columns;
  const bodies = new Uint8Array(lineBytes(columns));
  const bodyEnds = new Uint32Array(templateOf.length);
  const variableLengths = new Uint32Array(
    places.reduce((sum, { lengths }) => sum + lengths.length, 0),
  );
  const next = new Uint32Array(places.length);
  const nextByte = new Uint32Array(places.length);
  let at = 0;
  let variable = 0;
  let wholeAt = 0;
  let wholeNext = 0;
  for (let i = 0; i < templateOf.length; i++) {
    const template = templates[templateOf[i] ?? unmined];
    if (template === undefined) {
      const length = whole.lengths[wholeNext++] ?? 0;
      at = copy(whole.bytes, wholeAt, length, bodies, at);
      wholeAt += length;
    } else {
      const { parts, partEnds } = template;
      let part = 0;
      for (let p = 0; p < partEnds.length; p++) {
        const partEnd = partEnds[p] ?? 0;
        at = copy(parts, part, partEnd - part, bodies, at);
        part = partEnd;
        const place = p === partEnds.length - 1 ? undefined : places[p];
        if (place === undefined) break;
        const value = next[p] ?? 0;
        const length = place.lengths[value] ?? 0;
        const from = nextByte[p] ?? 0;
        next[p] = value + 1;
        at = copy(place.bytes, from, length, bodies, at);
        nextByte[p] = from + length;
        variableLengths[variable++] = length;
      }
    }
    bodyEnds[i] = at;
  }
  return { bodies, bodyEnds, variableLengths };
}

/** Byte by byte, as nearly all pieces are short; gives where the next one goes. */
function copy(
  from: Uint8Array,
  start: number,
  length: number,
  into: Uint8Array,
  to: number,
): number {
  const end = to + length;
  if (length > 64) into.set(from.subarray(start, start + length), to);
  else for (let i = start, at = to; at < end; i++, at++) into[at] = from[i] ?? 0;
  return end;
}
