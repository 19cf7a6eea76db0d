import { bufferOf, isDigit, passesAt, passes, type SplitTest, stands } from "./text_tests.ts";

const zero = "0".charCodeAt(0);

/** A text of each shape, with a zero for every digit: pattern n is bytes[starts[n], starts[n + 1]). */
export class ShapePatterns {
  readonly bytes: Uint8Array;
  readonly starts: Uint32Array;
  /** By pattern. */
  readonly digitCounts: Uint32Array;
  /** Digits of the patterns before each; one more for those of all. */
  readonly digitStarts: Uint32Array;

  /** `shapes` one after another: in each a digit n stands for n digits of its texts. */
  constructor(shapes: Uint8Array, ends: Uint32Array) {
    const { starts, digitCounts } = measured(shapes, ends);
    this.starts = starts;
    this.digitCounts = digitCounts;
    this.digitStarts = new Uint32Array(digitCounts.length + 1);
    for (let i = 0, sum = 0; i < digitCounts.length; i++)
      this.digitStarts[i + 1] = sum += digitCounts[i] ?? 0;
    this.bytes = new Uint8Array(starts[ends.length] ?? 0);
    let to = 0;
    for (let at = 0; at < shapes.length; at++) {
      const byte = shapes[at] ?? 0;
      if (!isDigit(byte)) this.bytes[to++] = byte;
      else this.bytes.fill(zero, to, (to += byte - zero));
    }
  }

  get count(): number {
    return this.digitCounts.length;
  }

  get memory(): number {
    return this.bytes.length + 3 * this.starts.byteLength;
  }

  /** By pattern, 1 where a text that passes may have it; undefined where none has. */
  alike({ is, like }: SplitTest): Uint8Array | undefined {
    const { bytes, starts } = this;
    const all = bufferOf(bytes);
    let found: Uint8Array | undefined;
    if (is !== "within" && like.length <= 2) {
      // In most places of most patterns, as "0".
      for (let number = 0; number < this.count; number++)
        if (passes({ is, bytes: like }, bytes, starts[number] ?? 0, starts[number + 1] ?? 0))
          (found ??= new Uint8Array(this.count))[number] = 1;
      return found;
    }
    let number = 0;
    for (let at = all.indexOf(like); at >= 0;) {
      while ((starts[number + 1] ?? Infinity) <= at) number++;
      const end = starts[number + 1] ?? 0;
      const isFound = passesAt({ is }, at, like.length, starts[number] ?? 0, end);
      if (isFound) (found ??= new Uint8Array(this.count))[number] = 1;
      at = all.indexOf(like, isFound ? end : at + 1);
    }
    return found;
  }

  /** Whether a text of the pattern, in which the test's first digit is number `digit`, passes, given that its digits do. */
  passesFrom(number: number, digit: number, { is, like, before }: SplitTest): boolean {
    const { bytes } = this;
    const start = this.starts[number] ?? 0;
    const end = this.starts[number + 1] ?? 0;
    let at = start;
    for (let left = digit; at < end; at++) if (bytes[at] === zero && left-- === 0) break;
    return (
      passesAt({ is }, at - before, like.length, start, end) && stands(like, bytes, at - before)
    );
  }
}

/** Where a text of each shape begins and how many digits it has. */
function measured(shapes: Uint8Array, ends: Uint32Array) {
  const starts = new Uint32Array(ends.length + 1);
  const digitCounts = new Uint32Array(ends.length);
  let at = 0;
  for (let shape = 0; shape < ends.length; shape++) {
    const end = ends[shape] ?? 0;
    let [others, digits] = [0, 0];
    for (; at < end; at++) {
      const byte = shapes[at] ?? 0;
      if (isDigit(byte)) digits += byte - zero;
      else others++;
    }
    starts[shape + 1] = (starts[shape] ?? 0) + others + digits;
    digitCounts[shape] = digits;
  }
  return { starts, digitCounts };
}
