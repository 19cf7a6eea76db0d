import type { MissingBlocks } from "#aggregator/read/missing_blocks.ts";

/** For formats that have no field for warnings: HTTP's own header (RFC 7234, 5.5), and a mark for programs. None for a complete answer. */
export function warningHeader(missing: MissingBlocks): Record<string, string> {
  if (missing.isEmpty) return {};
  const texts = missing.warnings().map((text) => `199 lapwing ${JSON.stringify(text)}`);
  return { warning: texts.join(", "), "lapwing-partial": "true" };
}
