import type { TextShapes } from "#shared/model/shaped_variables.ts";
import { type ByteReader, corrupt } from "./byte_reader.ts";

const zero = "0".charCodeAt(0);

/** What stands in a program for digits, where a shape has none of these bytes; all others are themselves. */
export const steps = {
  /** Both digits of the next pair. */
  pair: zero + 1,
  /** Its first one, and where the other one goes, behind other bytes. */
  high: zero + 2,
  low: zero + 3,
  /** The digit that is in no pair. */
  single: zero + 4,
  last: zero + 4,
} as const;

/** Shapes as the steps that make a text of each. */
export type ShapePrograms = {
  readonly program: Uint8Array;
  /** Of the program of each; one more than there are shapes. */
  readonly starts: Uint32Array;
};

/** The distinct shapes of a body (VariableColumns tells what they are), in fresh memory. Throws OperatingError("corrupt"). */
export function readShapes(reader: ByteReader): TextShapes {
  const count = reader.count(1);
  const ends = new Uint32Array(count);
  let end = 0;
  for (let i = 0; i < count; i++) {
    end += reader.varint();
    if (end > reader.left) throw corrupt(`shape ${i} ends at byte ${end}`);
    ends[i] = end;
  }
  const bytes = reader.block(end).slice();
  const lengths = new Uint32Array(count);
  const digits = new Uint32Array(count);
  for (let i = 0, at = 0; i < count; i++) {
    let [others, sum] = [0, 0];
    for (; at < (ends[i] ?? 0); at++) {
      const run = (bytes[at] ?? 0) - zero;
      if (run < 0 || run > 9) others++;
      else if (run === 0) throw corrupt("a run of no digits");
      else sum += run;
    }
    digits[i] = sum;
    lengths[i] = others + sum;
  }
  return { count, bytes, ends, lengths, digits };
}

/** What makes texts of shapes and digits. */
export function programsOf({ count, bytes, ends, lengths, digits }: TextShapes): ShapePrograms {
  let steppedBytes = 0;
  for (let i = 0; i < count; i++) steppedBytes += lengths[i] ?? 0;
  const program = new Uint8Array(steppedBytes);
  const starts = new Uint32Array(count + 1);
  let to = 0;
  for (let i = 0, at = 0; i < count; i++) {
    // An odd digit is the first one; `isHeld` tells that the second one of a pair is still to come.
    let isSingle = (digits[i] ?? 0) % 2 === 1;
    let isHeld = false;
    for (; at < (ends[i] ?? 0); at++) {
      const byte = bytes[at] ?? 0;
      if (byte < zero || byte > zero + 9) {
        program[to++] = byte;
        continue;
      }
      let run = byte - zero;
      if (isSingle || isHeld) {
        program[to++] = isSingle ? steps.single : steps.low;
        isSingle = isHeld = false;
        run--;
      }
      for (; run > 1; run -= 2) program[to++] = steps.pair;
      if (run === 1) {
        program[to++] = steps.high;
        isHeld = true;
      }
    }
    starts[i + 1] = to;
  }
  return { program: program.subarray(0, to), starts };
}
