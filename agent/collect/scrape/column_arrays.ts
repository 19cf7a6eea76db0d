/** Bit by bit. */
export function isSameValue(a: Uint32Array, i: number, b: Uint32Array, j: number): boolean {
  return a[2 * i] === b[2 * j] && a[2 * i + 1] === b[2 * j + 1];
}

/** Copies `from` into the longer `to`. */
export function filled<Numbers extends Int32Array | Uint32Array | Uint8Array>(
  to: Numbers,
  from: Numbers,
): Numbers {
  to.set(from);
  return to;
}
