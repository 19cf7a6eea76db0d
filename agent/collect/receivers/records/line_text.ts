/** A line as bytes, in a buffer that is used again. */
export class LineText {
  bytes = Buffer.allocUnsafeSlow(4_096);
  length = 0;

  set(line: string): void {
    // A UTF-16 unit is at most three bytes of UTF-8.
    if (3 * line.length > this.bytes.length) this.bytes = Buffer.allocUnsafeSlow(6 * line.length);
    this.length = this.bytes.write(line);
  }
}

const [zero, nine, digitsMax, nanosDigits] = [48, 57, 19, 6];

/** Whether a text is a whole number of nanoseconds, which msOf() and nanosOf() part. */
export function isNanos(text: string): boolean {
  if (text.length === 0 || text.length > digitsMax) return false;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code < zero || code > nine) return false;
  }
  return true;
}

/** "1760000000123456789" is 1,760,000,000,123 ms and 456,789 ns. */
export function msOf(nanos: string): number {
  return Number(nanos.slice(0, -nanosDigits));
}

export function nanosOf(nanos: string): number {
  return Number(nanos.slice(-nanosDigits));
}
