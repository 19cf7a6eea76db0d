import type { Plan } from "../plan.ts";

/** What a whole file of Promtail says of all its files and receivers. */
export type PromtailSettings = {
  readonly plan: Plan;
  /** Options of every source of files. */
  readonly files: Readonly<Record<string, string | number>>;
};

/** "256kb" as our sizes are written, within what a line may have. */
export function sizeText(text: string): string | number {
  const [, number = "0", unit = ""] = /^(\d+(?:\.\d+)?)\s*([kmg]?)i?b?$/i.exec(text.trim()) ?? [];
  const bytes = Number(number) * 1_024 ** ["", "k", "m", "g"].indexOf(unit.toLowerCase());
  return Math.max(64, Math.min(512 * 1_024, Math.round(bytes)));
}
