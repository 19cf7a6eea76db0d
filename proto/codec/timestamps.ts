// Hot: guarded by `bench codec`.
import type { ByteReader } from "./byte_reader.ts";
import { unzigzag } from "./byte_reader.ts";
import { type ByteWriter, zigzag } from "./byte_writer.ts";

/** A token of at most eight bytes, or one byte and the double. */
export const timestampBytesMax = 9;

const rawToken = 0;
/** Differences of two such are exact, and their zigzag is below 2^53. */
const wholeMax = 2 ** 51 - 2;

/**
 * A time as its difference to a base, or as the double itself where that is not exact (targets may name any time).
 * Returns the base for the next one.
 */
export function writeTimestamp(writer: ByteWriter, timestampMs: number, baseMs: number): number {
  if (isWhole(timestampMs)) {
    writer.varint(zigzag(timestampMs - baseMs) + 1);
    return timestampMs;
  }
  const words = new Uint32Array(Float64Array.of(timestampMs).buffer);
  writer.byte(rawToken);
  writer.words(words[0] ?? 0, words[1] ?? 0);
  return baseMs;
}

export function readTimestamp(reader: ByteReader, baseMs: number): number {
  const token = reader.varint();
  if (token !== rawToken) return baseMs + unzigzag(token - 1);
  const words = Uint32Array.of(reader.word(), reader.word());
  return new Float64Array(words.buffer)[0] ?? 0;
}

/** The base after a time was read: times that are not whole are no base. */
export function nextBase(timestampMs: number, baseMs: number): number {
  return isWhole(timestampMs) ? timestampMs : baseMs;
}

function isWhole(timestampMs: number): boolean {
  return (
    Number.isInteger(timestampMs) &&
    Math.abs(timestampMs) <= wholeMax &&
    !Object.is(timestampMs, -0)
  );
}
