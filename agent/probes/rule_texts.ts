import { readFileSync } from "node:fs";
import { join } from "node:path";

/** The rules for checks that agents run, run from source. */
export function probeRuleTexts() {
  const text = readFileSync(join(import.meta.dir, "rules.yaml"), "utf8");
  return { kind: "probes", files: [{ file: "probes/rules.yaml", form: "rules" as const, text }] };
}
