import { ByteSink } from "../../parquet/byte_sink.ts";
import { encodings } from "../../parquet/column_pages.ts";
import { writeDeltas } from "../../parquet/encode.ts";
import type { ColumnPages } from "../../parquet/parquet_writer.ts";

const nanosPerMs = 1_000_000;
/** Differences of times that are packed; larger ones make the column plain. */
const deltaMax = 2 ** 51;

/** Times as nanoseconds: differences, or plain where they are too far apart. */
export function timeColumn(ms: Float64Array, nanos: Uint32Array): ColumnPages {
  const bounds = { min: timeBytes(ms, nanos, -1), max: timeBytes(ms, nanos, 1) };
  const deltaAt = (i: number) =>
    ((ms[i] ?? 0) - (ms[i - 1] ?? 0)) * nanosPerMs + (nanos[i] ?? 0) - (nanos[i - 1] ?? 0);
  let isNear = true;
  for (let i = 1; i < ms.length && isNear; i++) isNear = Math.abs(deltaAt(i)) < deltaMax;
  if (!isNear) {
    const plain = BigInt64Array.from(ms, (_, i) => nsOf(ms, nanos, i));
    return { encoding: encodings.plain, values: new Uint8Array(plain.buffer), ...bounds };
  }
  const sink = new ByteSink(64);
  writeDeltas(sink, ms.length, (target) => writeZigzag(target, nsOf(ms, nanos, 0)), deltaAt);
  return { encoding: encodings.deltaBinaryPacked, values: sink.written(), ...bounds };
}

function writeZigzag(sink: ByteSink, value: bigint): void {
  sink.ensure(10);
  let rest = BigInt.asUintN(64, (value << 1n) ^ (value >> 63n));
  for (; rest >= 0x80n; rest >>= 7n) sink.bytes[sink.length++] = Number(rest & 0x7fn) | 0x80;
  sink.bytes[sink.length++] = Number(rest);
}

function nsOf(ms: Float64Array, nanos: Uint32Array, i: number): bigint {
  return BigInt(ms[i] ?? 0) * BigInt(nanosPerMs) + BigInt(nanos[i] ?? 0);
}

/** The lowest (sign -1) or highest (1) time as eight bytes. */
function timeBytes(ms: Float64Array, nanos: Uint32Array, sign: number): Uint8Array {
  let best = 0;
  for (let i = 1; i < ms.length; i++) {
    const step =
      ((ms[i] ?? 0) - (ms[best] ?? 0)) * nanosPerMs + (nanos[i] ?? 0) - (nanos[best] ?? 0);
    if (step * sign > 0) best = i;
  }
  return new Uint8Array(BigInt64Array.of(nsOf(ms, nanos, best)).buffer);
}
