import type { LabelChoice } from "#shared/query_language/logql/ast.ts";
import { allLabels, errorDetailsLabel, errorLabel, labelOf, removeLabel } from "../record_state.ts";
import { compileMatcher } from "./label_filter.ts";
import type { StageRun } from "./stage.ts";

function compileChoices(labels: readonly LabelChoice[]) {
  return labels.map(({ name, matcher }) => ({
    name,
    fits: matcher === undefined ? undefined : compileMatcher(matcher),
  }));
}

/** `| drop a, b="x"`: takes labels away; the error too, which then counts no more. */
export function compileDrop(labels: readonly LabelChoice[]): StageRun {
  const choices = compileChoices(labels);
  return (state) => {
    for (const { name, fits } of choices) {
      if (name === errorLabel) {
        if (fits?.(state.error) ?? true) state.error = "";
      } else if (name === errorDetailsLabel) {
        if (fits?.(state.details) ?? true) state.details = "";
      } else {
        const value = labelOf(state, name);
        if (value !== undefined && (fits?.(value) ?? true)) removeLabel(state, name);
      }
    }
    return true;
  };
}

/** `| keep a, b="x"`: takes all other labels away, but never the error. */
export function compileKeep(labels: readonly LabelChoice[]): StageRun {
  const choices = compileChoices(labels);
  const byName = new Map<string, (typeof choices)[number][]>();
  for (const choice of choices)
    byName.set(choice.name, [...(byName.get(choice.name) ?? []), choice]);
  const isKept = (name: string, value: string) =>
    byName.get(name)?.some(({ fits }) => fits?.(value) ?? true) ?? false;
  return (state) => {
    const all = allLabels(state);
    for (const name in all) {
      if (name === errorLabel || name === errorDetailsLabel) continue;
      if (!isKept(name, all[name] ?? "")) removeLabel(state, name);
    }
    return true;
  };
}
