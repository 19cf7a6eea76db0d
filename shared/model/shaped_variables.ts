/** Distinct shapes of texts: a text with each run of n digits in it, or of nine of a longer one, replaced by the digit n. */
export type TextShapes = {
  readonly count: number;
  /** All of them one after another, and where each ends. */
  readonly bytes: Uint8Array;
  readonly ends: Uint32Array;
  /** Bytes and digits of a text of each. */
  readonly lengths: Uint32Array;
  readonly digits: Uint32Array;
};

/**
 * Variables of lines with their digits apart from the rest, as agents send them: one column for each place of each template, in the order of the
 * records. Texts can be made of it, but a block has shapes and digits apart, too.
 */
export type ShapedVariables = {
  readonly shapes: TextShapes;
  /** By template: its first column, and how many it has. */
  readonly firstColumns: Uint32Array;
  readonly widths: Uint8Array;
  /** By column: the shape of all its texts, or `variousShapes` where each has its own among `references`. */
  readonly constants: Uint32Array;
  readonly references: Uint32Array;
  /** Two digits in a byte, below 100; a text's, all but the first one where they are odd. */
  readonly pairs: Uint8Array;
  /** Those first ones, two in a byte again, over the ends of texts. */
  readonly singles: Uint8Array;
  /** By column: its first reference, pair and single digit. */
  readonly firstReference: Uint32Array;
  readonly firstPair: Uint32Array;
  readonly firstSingle: Uint32Array;
};

export const variousShapes = 0xffff_ffff;

const zero = "0".charCodeAt(0);
/** The two digits of a pair. */
export const tens = Uint8Array.from({ length: 100 }, (_, both) => zero + Math.floor(both / 10));
export const ones = Uint8Array.from({ length: 100 }, (_, both) => zero + (both % 10));

/** The memory of it. */
export function shapedBytes(variables: ShapedVariables): number {
  const { shapes, references, pairs, singles, constants } = variables;
  const perShape = shapes.ends.byteLength + shapes.lengths.byteLength + shapes.digits.byteLength;
  const perColumn = 4 * constants.byteLength;
  const digits = pairs.length + singles.length;
  return shapes.bytes.length + perShape + perColumn + references.byteLength + digits;
}
