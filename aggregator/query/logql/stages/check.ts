import type { Stage } from "../ast.ts";
import { compileStage } from "./compile.ts";

/** Refuses stages whose strings are no expression, pattern or template. Throws LogqlError. */
export function checkStages(stages: readonly Stage[]): void {
  for (const stage of stages) compileStage(stage, { names: undefined, isExact: true });
}
