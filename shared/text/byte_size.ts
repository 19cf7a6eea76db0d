import { z } from "zod";

const unitBytes: Readonly<Record<string, number>> = {
  B: 1,
  KB: 1_024,
  KiB: 1_024,
  MB: 1_024 ** 2,
  MiB: 1_024 ** 2,
  GB: 1_024 ** 3,
  GiB: 1_024 ** 3,
  TB: 1_024 ** 4,
  TiB: 1_024 ** 4,
};
const shape = /^(\d+(?:\.\d+)?)\s*([KMGT]i?B|B)$/;

/** "512MiB" in bytes (KB and KiB both mean 1,024, as in Prometheus), or undefined when it is not a size. */
function parseByteSize(text: string): number | undefined {
  const parts = shape.exec(text);
  const unit = unitBytes[parts?.[2] ?? ""];
  return unit === undefined ? undefined : Math.round(Number(parts?.[1]) * unit);
}

/** A size in a file; parses to bytes. A bare number is taken as bytes. */
export const byteSize = z
  .union([z.number().int().nonnegative(), z.string()])
  .transform((given, context) => {
    const bytes = typeof given === "number" ? given : parseByteSize(given);
    if (bytes !== undefined) return bytes;
    context.addIssue({ code: "custom", message: `expected a size such as "512MiB"`, input: given });
    return z.NEVER;
  });
