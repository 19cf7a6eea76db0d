import type { RuleGroup } from "./rule.ts";

/**
 * How far the evaluations of a group are from whole intervals since 1970, in milliseconds. It is Prometheus 3's (rules/group.go
 * EvalTimestamp(), and the hash of model/labels/labels_stringlabels.go): both evaluate a group of the same file and name at the same times.
 */
export function slotOffsetMs({
  file,
  name,
  intervalMs,
}: Pick<RuleGroup, "file" | "name" | "intervalMs">): number {
  const labels = ["file", file, "name", name].map(sized);
  const nanoseconds = Bun.hash.xxHash64(Buffer.concat(labels)) % (BigInt(intervalMs) * 1_000_000n);
  return Number(nanoseconds / 1_000_000n);
}

/** Its length in a byte, or in three behind a byte of 255, and its bytes. */
function sized(text: string): Buffer {
  const bytes = Buffer.from(text);
  if (bytes.length < 255) return Buffer.concat([Buffer.of(bytes.length), bytes]);
  const size = Buffer.alloc(4);
  size.writeUInt8(255, 0);
  size.writeUIntLE(bytes.length, 1, 3);
  return Buffer.concat([size, bytes]);
}
