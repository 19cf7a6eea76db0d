import { type ShapedVariables, variousShapes } from "#shared/model/shaped_variables.ts";
import { type ByteReader, corrupt } from "./byte_reader.ts";
import { readShapes } from "./shapes.ts";

/** What the records say of their variables. */
export type VariableLayout = {
  /** By template: its first column, how many it has, and how many records have it. */
  readonly firstColumns: Uint32Array;
  readonly widths: Uint8Array;
  readonly counts: Uint32Array;
};

/** References that fit without growing. */
const referencesLeast = 256;

/**
 * The counterpart of VariableColumns, in fresh memory; `bytes` are those of all texts. Throws OperatingError("corrupt"), also when there are more texts
 * than `bytesMax`.
 */
export function readVariables(
  reader: ByteReader,
  { firstColumns, widths, counts }: VariableLayout,
  bytesMax: number,
): { readonly variables: ShapedVariables; readonly bytes: number } {
  const shapes = readShapes(reader);
  let [columns, entries] = [0, 0];
  for (let t = 0; t < widths.length; t++) {
    columns += widths[t] ?? 0;
    entries += (widths[t] ?? 0) * (counts[t] ?? 0);
  }
  if (entries > bytesMax) throw corrupt(`${entries} variables, at most ${bytesMax}`);
  const constants = new Uint32Array(columns);
  const firstReference = new Uint32Array(columns);
  const firstPair = new Uint32Array(columns);
  const firstSingle = new Uint32Array(columns);
  let references = new Uint32Array(referencesLeast);
  let [referenced, pairs, singles, bytes, known, column] = [0, 0, 0, 0, 0, 0];
  const take = (given: number) => {
    const number = given === 0 ? known++ : given - 1;
    if (number >= known || number >= shapes.count) throw corrupt(`shape ${number} of ${known}`);
    return number;
  };
  for (let t = 0; t < widths.length; t++) {
    const count = counts[t] ?? 0;
    for (let place = 0; place < (widths[t] ?? 0); place++, column++) {
      firstPair[column] = pairs;
      firstSingle[column] = singles;
      firstReference[column] = referenced;
      if (count === 0) continue;
      const head = reader.varint();
      const shape = head === 0 ? variousShapes : take(head - 1);
      constants[column] = shape;
      if (shape !== variousShapes) {
        const digits = shapes.digits[shape] ?? 0;
        pairs += (digits >> 1) * count;
        singles += (digits & 1) * count;
        bytes += (shapes.lengths[shape] ?? 0) * count;
        continue;
      }
      // Only columns of several shapes have any, a byte each at least; the others are bounded by the records.
      if (referenced + count > references.length) {
        if (count > reader.left) throw corrupt(`${count} shapes in ${reader.left} bytes`);
        references = enlarged(references, referenced + count);
      }
      for (let i = 0; i < count; i++) {
        const each = take(reader.varint());
        references[referenced++] = each;
        const digits = shapes.digits[each] ?? 0;
        pairs += digits >> 1;
        singles += digits & 1;
        bytes += shapes.lengths[each] ?? 0;
      }
    }
  }
  if (known !== shapes.count) throw corrupt(`${shapes.count} shapes, expected ${known}`);
  const variables = {
    shapes,
    firstColumns,
    widths,
    constants,
    references: references.slice(0, referenced),
    pairs: digitPairs(reader.block(pairs)),
    singles: digitPairs(reader.block(Math.ceil(singles / 2))),
    firstReference,
    firstPair,
    firstSingle,
  };
  return { variables, bytes };
}

function enlarged(references: Uint32Array<ArrayBuffer>, least: number): Uint32Array<ArrayBuffer> {
  const more = new Uint32Array(2 * least);
  more.set(references);
  return more;
}

/** A copy: the body, of which they are a part, need not be kept for them. */
function digitPairs(bytes: Uint8Array): Uint8Array {
  // By index: iterators of typed arrays cost twenty times as much.
  for (let i = 0; i < bytes.length; i++)
    if ((bytes[i] ?? 0) > 99) throw corrupt(`a pair of digits of ${bytes[i]}`);
  return bytes.slice();
}
