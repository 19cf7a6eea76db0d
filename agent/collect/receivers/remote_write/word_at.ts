/**
 * Four bytes, the low one first, as a signed word. Not by a DataView: where its reads are compiled for one kind of memory and meet another,
 * the runtime compiles the whole function again, time after time.
 */
export function wordAt(bytes: Uint8Array, at: number): number {
  return (
    (bytes[at] ?? 0) |
    ((bytes[at + 1] ?? 0) << 8) |
    ((bytes[at + 2] ?? 0) << 16) |
    ((bytes[at + 3] ?? 0) << 24)
  );
}
