import { unmined } from "#shared/model/line_template.ts";
import type { LogSlice } from "../read/source.ts";
import { templateTextOf } from "./line_patterns.ts";
import { levelIndex, severityOfLevel } from "./levels.ts";
import { type Pattern, PatternTree } from "./pattern_tree.ts";

/** How often a pattern came with a severity, over time. */
export type PatternCount = {
  readonly pattern: Pattern;
  /** As OpenTelemetry numbers them, the lowest of the four of a level; 0 where unknown. */
  readonly severity: number;
  readonly total: number;
  /** Counts by the number of the step, ascending, without empty ones. */
  readonly steps: readonly (readonly [step: number, count: number])[];
};

/** Templates that are told apart; lines of others are counted as `otherTemplate`. */
const templatesMax = 100_000;
const otherTemplate = "<0>";

type Counts = { readonly text: string; readonly byLevel: (Map<number, number> | undefined)[] };

/** Counts patterns of the records of a scan by level and step. Feed it slices, then ask for the result. */
export class PatternCounter {
  readonly #stepOf: (ms: number) => number;
  readonly #byText = new Map<string, Counts>();

  constructor(stepOf: (ms: number) => number) {
    this.#stepOf = stepOf;
  }

  add({ batch, rows }: LogSlice): void {
    const { mined } = batch;
    // Of this batch's templates, so that no text is looked up for each line.
    const known: (Counts | undefined)[] = [];
    for (let i = 0; i < rows.length; i++) {
      const row = rows[i] ?? 0;
      const template = mined?.templateOf[row] ?? unmined;
      const counts =
        template === unmined
          ? this.#of(templateTextOf(batch, row))
          : (known[template] ??= this.#of(templateTextOf(batch, row)));
      const level = levelIndex(batch.severities[row] ?? 0);
      const steps = (counts.byLevel[level] ??= new Map());
      const step = this.#stepOf(batch.timestampsMs[row] ?? 0);
      steps.set(step, (steps.get(step) ?? 0) + 1);
    }
  }

  /** The most frequent first. `find` tells of patterns that are known elsewhere, by a template's text: their ids are told then. */
  result(find: (templateText: string) => Pattern | undefined = () => undefined): PatternCount[] {
    const tree = new PatternTree();
    // All of them first: a later template may turn an earlier one's words into variables.
    for (const { text } of this.#byText.values()) tree.of(text);
    const found = new Map<
      string,
      { pattern: Pattern; level: number; steps: Map<number, number> }
    >();
    for (const { text, byLevel } of this.#byText.values()) {
      const pattern = find(text) ?? tree.current(tree.of(text));
      for (const [level, steps] of byLevel.entries()) {
        if (steps === undefined) continue;
        const key = `${pattern.id} ${level}`;
        const known = found.get(key);
        if (known === undefined) found.set(key, { pattern, level, steps: new Map(steps) });
        else
          for (const [step, count] of steps)
            known.steps.set(step, (known.steps.get(step) ?? 0) + count);
      }
    }
    return Array.from(found.values(), ({ pattern, level, steps }) => ({
      pattern,
      severity: severityOfLevel(level),
      total: steps.values().reduce((sum, count) => sum + count, 0),
      steps: Array.from(steps).toSorted(([a], [b]) => a - b),
    })).toSorted((a, b) => b.total - a.total || (a.pattern.text < b.pattern.text ? -1 : 1));
  }

  #of(text: string): Counts {
    const known = this.#byText.get(text);
    if (known !== undefined) return known;
    if (this.#byText.size >= templatesMax && text !== otherTemplate) return this.#of(otherTemplate);
    const counts: Counts = { text, byLevel: [] };
    this.#byText.set(text, counts);
    return counts;
  }
}
