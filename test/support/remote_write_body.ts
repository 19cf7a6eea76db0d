import { BinaryWriter } from "@bufbuild/protobuf/wire";
import type { HostSeries } from "./node_hosts.ts";

/** The body of a remote write 1.0 request: snappy (literals only, which every decoder takes) of a WriteRequest. */
export function remoteWriteBody(series: readonly HostSeries[]): Uint8Array<ArrayBuffer> {
  return snappyLiterals(remoteWriteMessage(series));
}

/** A WriteRequest as protobuf, not packed. */
export function remoteWriteMessage(series: readonly HostSeries[]): Uint8Array {
  const writer = new BinaryWriter();
  for (const { labels, timestampsMs, values } of series) {
    writer.uint32(0x0a).fork();
    for (const name of Object.keys(labels).toSorted())
      writer
        .uint32(0x0a)
        .fork()
        .uint32(0x0a)
        .string(name)
        .uint32(0x12)
        .string(labels[name] ?? "")
        .join();
    // By memory: a number would lose the bits of a stale marker.
    const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
    for (let i = 0; i < values.length; i++)
      writer
        .uint32(0x12)
        .fork()
        .uint32(0x09)
        .raw(bytes.subarray(8 * i, 8 * i + 8))
        .uint32(0x10)
        .int64(timestampsMs[i] ?? 0)
        .join();
    writer.join();
  }
  return writer.finish();
}

/** The block format: the length as a varint, then literals of at most 64 KiB behind a tag and two bytes of length. */
function snappyLiterals(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const head: number[] = [];
  for (let rest = bytes.length; ; rest >>>= 7) {
    head.push(rest > 127 ? (rest & 127) | 128 : rest);
    if (rest <= 127) break;
  }
  const pieces: Uint8Array[] = [Uint8Array.from(head)];
  for (let at = 0; at < bytes.length; at += 65_536) {
    const piece = bytes.subarray(at, at + 65_536);
    const last = piece.length - 1;
    pieces.push(Uint8Array.of(61 << 2, last & 255, last >> 8), piece);
  }
  return new Uint8Array(Buffer.concat(pieces));
}
