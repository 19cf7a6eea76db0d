/** What a text must be. */
export type TextTest = {
  readonly is: "within" | "prefix" | "suffix" | "equal";
  readonly bytes: Uint8Array;
};

const zero = "0".charCodeAt(0);
const nine = "9".charCodeAt(0);

export function isDigit(byte: number): boolean {
  return byte >= zero && byte <= nine;
}

/** A test of texts whose digits stand elsewhere. */
export type SplitTest = {
  readonly is: TextTest["is"];
  /** With a zero for every digit. */
  readonly like: Uint8Array;
  readonly digits: Uint8Array;
  /** Bytes before the first digit. */
  readonly before: number;
};

export function splitTest({ is, bytes }: TextTest): SplitTest {
  return {
    is,
    like: bytes.map((byte) => (isDigit(byte) ? zero : byte)),
    digits: bytes.filter(isDigit),
    before: bytes.findIndex(isDigit),
  };
}

/** Whether a text that begins and ends here in the bytes passes. */
export function passes(
  { is, bytes: wanted }: TextTest,
  bytes: Uint8Array,
  start: number,
  end: number,
): boolean {
  const { length } = wanted;
  if (is === "within") return bufferOf(bytes.subarray(start, end)).includes(wanted);
  if (is === "equal" ? end - start !== length : end - start < length) return false;
  return stands(wanted, bytes, is === "suffix" ? end - length : start);
}

/** Whether `wanted` stands at a place of the bytes. */
export function stands(wanted: Uint8Array, bytes: Uint8Array, at: number): boolean {
  for (let i = 0; i < wanted.length; i++) if (bytes[at + i] !== wanted[i]) return false;
  return true;
}

/** Whether a text of `start` to `end` that holds the test's bytes at `at` passes. */
export function passesAt(
  { is }: Pick<TextTest, "is">,
  at: number,
  length: number,
  start: number,
  end: number,
): boolean {
  if (at < start || at + length > end) return false;
  if ((is === "prefix" || is === "equal") && at !== start) return false;
  return (is !== "suffix" && is !== "equal") || at + length === end;
}

export function bufferOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
}
