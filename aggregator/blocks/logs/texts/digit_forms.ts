import type { TextValues } from "../../parquet/flat_columns.ts";
import { formsOf, type SplitForms } from "./forms.ts";
import { ShapePatterns } from "./shape_patterns.ts";
import { isDigit } from "./text_tests.ts";

const lengthMax = 255;
/** Digits that one character of a shape stands for at most. */
const runMax = 9;

/** Texts of digits alone, as if all of them had been taken out: they are alike but for their lengths. Undefined where others are among them. As formsOf() else. */
export function digitForms(
  { bytes, ends, rowOf }: TextValues,
  templateOf: Uint32Array,
  templates: number,
): SplitForms | undefined {
  if (!areDigits(bytes)) return undefined;
  const numberOf = new Int16Array(lengthMax + 1).fill(-1);
  const lengths: number[] = [];
  const patternOf = new Uint16Array(ends.length);
  let start = 0;
  for (let text = 0; text < ends.length; text++) {
    const end = ends[text] ?? 0;
    const length = end - start;
    start = end;
    if (length > lengthMax) return undefined;
    let number = numberOf[length] ?? -1;
    if (number < 0) numberOf[length] = number = lengths.push(length) - 1;
    patternOf[text] = number;
  }
  const patterns = patternsOf(lengths);
  const forms = formsOf(patternOf, rowOf, patterns, templateOf, templates);
  return forms && { forms, patterns };
}

function patternsOf(lengths: readonly number[]): ShapePatterns {
  const shapes = lengths.map((length) => {
    const rest = length % runMax;
    return `${runMax}`.repeat((length - rest) / runMax) + (rest === 0 ? "" : `${rest}`);
  });
  let end = 0;
  const ends = Uint32Array.from(shapes, (shape) => (end += shape.length));
  return new ShapePatterns(Buffer.from(shapes.join("")), ends);
}

function areDigits(bytes: Uint8Array): boolean {
  for (let i = 0; i < bytes.length; i++) if (!isDigit(bytes[i] ?? 0)) return false;
  return true;
}
