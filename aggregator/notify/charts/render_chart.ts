import { join } from "node:path";
import { askProcess } from "#shared/runtime/process/ask_process.ts";

const limits = {
  memoryBytes: 384 * 1_024 ** 2,
  answerBytesMax: 4 * 1_024 ** 2,
} as const;

/** A picture of SVG as PNG, drawn in a process of its own. Throws OperatingError. */
export function renderChart(svg: string, timeoutMs = 10_000): Promise<Uint8Array> {
  const script = join(import.meta.dir, "chart_process.ts");
  return askProcess(script, Buffer.from(svg), { ...limits, timeoutMs });
}
