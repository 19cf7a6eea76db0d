import type { Plan } from "../plan.ts";

/** What a whole file of Promtail says of all its files and receivers. */
export type PromtailSettings = {
  readonly plan: Plan;
  /** Options of every source of files. */
  readonly files: Readonly<Record<string, string | number>>;
};
