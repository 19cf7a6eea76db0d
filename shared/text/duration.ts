import { z } from "zod";

const unitMs: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
  y: 31_536_000_000,
};
const shape = /^(?:(\d+)y)?(?:(\d+)w)?(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?(?:(\d+)ms)?$/;
const order = ["y", "w", "d", "h", "m", "s", "ms"] as const;

/** Prometheus's duration text ("1h30m", "15s", "0") in milliseconds, or undefined when it is not one. */
export function parseDuration(text: string): number | undefined {
  if (text === "0") return 0;
  const parts = shape.exec(text);
  if (parts === null || text === "") return undefined;
  return order.reduce((sum, unit, i) => sum + Number(parts[i + 1] ?? 0) * (unitMs[unit] ?? 0), 0);
}

/** Milliseconds as Prometheus prints a duration: "1h30m", "15s", "0s". */
export function formatDuration(ms: number): string {
  if (ms === 0) return "0s";
  let rest = ms;
  let text = "";
  for (const unit of order) {
    const size = unitMs[unit] ?? 1;
    // Years and weeks only where nothing is left over, as Prometheus does.
    if ((unit === "y" || unit === "w") && rest % size !== 0) continue;
    const count = Math.floor(rest / size);
    if (count > 0) text += `${count}${unit}`;
    rest -= count * size;
  }
  return text;
}

/** A duration in a file or query; parses to milliseconds. */
export const duration = z.string().transform((text, context) => {
  const ms = parseDuration(text);
  if (ms !== undefined) return ms;
  context.addIssue({
    code: "custom",
    message: `expected a duration such as "15s" or "1h30m"`,
    input: text,
  });
  return z.NEVER;
});
